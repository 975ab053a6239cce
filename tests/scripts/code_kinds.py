"""One stack through every kind of code: module, class body, lambda, comprehension, generator, coroutine, `exec`, frozen
importlib, decorator, property, method."""
import asyncio
import functools

import victim


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


class Outer:
    class Inner:
        @property
        def answer(self):
            return self.method(6, by=7)

        @traced
        def method(self, x, *, by):
            import victim_import  # imported code stands below frozen importlib

            return victim_import.run_in_generator(lambda y: coroutines(x, y), by)


def coroutines(x, y):
    async def inner(z):
        await asyncio.sleep(0)
        stand()
        return z

    async def middle():
        return await inner(x * y)

    return asyncio.run(middle())


def stand():
    namespace = {"step": victim.step}
    exec("def executed():\n    step()\n\nexecuted()\n", namespace)


class Body:
    value = Outer.Inner().answer
    other = [item for item in [value]]


print(Body.value, Body.other)
