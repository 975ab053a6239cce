"""The cases of walk.py: each calls `park` in the midst of what it is named for, and stays there."""

import asyncio
import re
import threading

gates = {}
parked = threading.Semaphore(0)


def park(*_):
    gate = gates.setdefault(threading.get_ident(), threading.Lock())
    gate.acquire(False)
    parked.release()
    gate.acquire()
    return 0


def recursion(depth=900, *, note="deep"):
    if depth:
        return recursion(depth - 1, note=note) + 1
    return park()


def generators():
    def inner(count):
        for number in range(count):
            yield park(number)

    def outer(*counts):
        for count in counts:
            yield from inner(count)

    return sum(1 for _ in outer(1, 2))


def coroutines():
    async def leaf(value):
        await asyncio.sleep(0)
        return park(value)

    async def middle(**options):
        async with Managed():
            return [await leaf(option) async for option in asynchronous(options)]

    async def asynchronous(items):
        for item in items:
            yield item

    class Managed:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            pass

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(middle(a=1, b=2))
    finally:
        loop.close()


def comprehensions():
    outer = 5
    x = "an outer x"
    table = {k: [park(k, v, outer) for v in range(1) if v < outer] for k in "ab"}
    return table, x


def comprehension_over_cells():
    fs = [(lambda: (i, park(i)))() for i in range(2)]
    return fs


def lambdas():
    return (lambda a, *b, c=1, **d: park(a, b, c, d))(1, 2, 3, c=4, e=5)


def class_bodies():
    free = [1]

    class Outer:
        attribute = free

        class Inner(list):
            def method(self):
                return __class__, free

            parked = park(attribute_of := 1) if False else park()


def executed():
    space = {"park": park}
    exec(compile("def f(a=1):\n  b = a\n  park(b)\nf()", "<made>", "exec"), space)
    exec("x = 1\npark(x)", {"park": park}, {"y": 2})
    exec("n = [park(q) for q in 'z']", {"park": park})
    eval("park(1)")


def closures(argument, other=None, *rest, key, **options):
    def inner(own=2):
        nonlocal count
        count += 1
        if own:
            unbound = own
            del unbound
        return park(argument, rest, key, options, count)

    count = 0
    never = None
    del never
    if other:
        later = lambda: later  # noqa: E731 - a cell that stays empty
    return inner()


def deleted_argument(gone, kept):
    del gone

    def inner():
        return kept

    return park()


def sort_key():
    return sorted([3, 1, 2], key=lambda item: park(item))


def substitution():
    def replace(match):
        park(match)
        return ""

    return re.sub("b", replace, "abc")


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value
        park(self)

    def __repr__(self):
        park()
        return "slotted"

    def __getattr__(self, name):
        return park(name)


def constructor():
    return Slotted([])


def representation():
    slotted = Slotted.__new__(Slotted)
    return "%r" % slotted


def attribute():
    slotted = Slotted.__new__(Slotted)
    return slotted.missing


def exceptions():
    try:
        raise ValueError("for the traceback")
    except ValueError as error:
        try:
            pass
        finally:
            park(error)


def many_variables():
    names = ["v%d" % number for number in range(300)]
    source = "def f(%s):\n  def g(): return %s\n  park()\n" % (", ".join(names), ", ".join(names[::2]))
    space = {"park": park}
    exec(source, space)
    space["f"](*range(300))


def non_ascii():
    space = {"park": park}
    exec(compile("def größe(naïve, 変数='中'):\n  é = '€uro'; park(é)\n\ngröße(1)", "/tmp/ünïcode 文件.py", "exec"), space)


def long_lines():
    # More lines, columns and bytecode than one entry of any table can hold.
    source = "def f():\n" + "\n" * 700 + "  x = 1\n" * 400 + "  " + "(" * 1 + " " * 300 + "park(\n\n x))\n" + "  x\n"
    space = {"park": park}
    exec(compile(source, "<long>", "exec"), space)
    space["f"]()


def hot_loop():
    # Long enough for a tracing compiler, where there is one.
    total = 0
    for number in range(20000):
        total += helper(number)
    park()
    for number in range(20000):
        if number == 15000:
            park()
        total += helper(number)


def helper(number):
    return number % 7


CASES = [
    recursion,
    generators,
    coroutines,
    comprehensions,
    comprehension_over_cells,
    lambdas,
    class_bodies,
    executed,
    lambda: closures(1, 2, 3, key=4, extra=5),
    lambda: closures([], key=()),
    lambda: deleted_argument(1, 2),
    sort_key,
    substitution,
    constructor,
    representation,
    attribute,
    exceptions,
    many_variables,
    non_ascii,
    long_lines,
    hot_loop,
]
