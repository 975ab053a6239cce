"""What scripts/soak lets Tripod look at: threads that come and go, containers that change, exceptions, generators,
coroutines, deep stacks, and forks if asked for. Its own memory is bounded, so that growth is not its doing.

Takes orders on standard input, and says on standard output when they are carried out: "busy", "quiet" (no thread but the
main one, no child, nothing collected that could be freed). Ends with its standard input.
"""

import asyncio
import collections
import gc
import os
import queue
import random
import sys
import threading

THREADS = 6
FORKS = "--forks" in sys.argv

stop = threading.Event()


class Node:
    __slots__ = ("name", "next", "payload")

    def __init__(self, name, payload):
        self.name = name
        self.payload = payload
        self.next = self


class Account:
    def __init__(self, number):
        self.number = number
        self.history = collections.deque(maxlen=20)
        self.password = "not to be seen"

    def move(self, amount):
        self.history.append((amount, str(amount) * 3))
        if amount % 7 == 0:
            raise ValueError(amount)
        return {"number": self.number, "last": amount, "history": list(self.history)}


def change_containers(rng):
    table = {}
    numbers = list(range(50))
    members = set()
    for step in range(200):
        table[rng.randrange(100)] = [step] * rng.randrange(30)
        table.pop(rng.randrange(100), None)
        numbers[rng.randrange(len(numbers)):] = [rng.random() for _ in range(rng.randrange(1, 60))]
        members.symmetric_difference_update({rng.randrange(40), f"member {step % 40}", (step, b"bytes")})
        if step % 50 == 0:
            table.clear()
            members.clear()
    return table, numbers, members


def raise_and_catch(rng):
    account = Account(rng.randrange(1000))
    for amount in range(100):
        try:
            account.move(amount)
        except ValueError as error:
            context = error.__traceback__
            del context


def numbers_of(limit):
    for number in range(limit):
        yield number
        if number % 3 == 0:
            yield from (number * factor for factor in range(3))


def go_deep(depth, *args, **keywords):
    text = f"at {depth}" * 5
    if depth == 0:
        return sum(numbers_of(30)), text
    return go_deep(depth - 1, text, above=depth, nested=[args])


def make_cycles(rng):
    for step in range(50):
        node = Node(f"node {step}", bytearray(rng.randrange(200)))
        node.next = Node("other", node)


async def wait_and_add(first, second):
    await asyncio.sleep(0)
    return first + second


def run_coroutines(_rng):
    async def main():
        return await asyncio.gather(*(wait_and_add(number, 1) for number in range(10)))

    return asyncio.run(main())


WORK = [change_containers, raise_and_catch, make_cycles, lambda rng: go_deep(60), run_coroutines]


def worker(seed, results):
    rng = random.Random(seed)
    local = threading.local()
    for _ in range(20):
        if stop.is_set():
            return
        local.latest = rng.choice(WORK)(rng)
    results.put((seed, threading.current_thread().name))


def fork_once():
    child = os.fork()
    if child == 0:
        try:
            change_containers(random.Random(1))
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status != 0:
        raise SystemExit(f"a child ended with {status}")


def stay_busy():
    """Threads that do twenty pieces of work each; one that ends is followed by another."""
    results = queue.Queue()
    seeds = iter(range(10**9))
    threads = collections.deque()
    while not stop.is_set():
        while len(threads) < THREADS:
            seed = next(seeds)
            thread = threading.Thread(target=worker, args=(seed, results), name=f"worker {seed % 100}")
            thread.start()
            threads.append(thread)
        threads.popleft().join()
        while not results.empty():
            results.get()
        if FORKS:
            fork_once()
    for thread in threads:
        thread.join()


def end_all(failure):
    """A thread that fails must not go unnoticed."""
    sys.excepthook(failure.exc_type, failure.exc_value, failure.exc_traceback)
    os._exit(1)


def main():
    threading.excepthook = end_all
    driver = None
    for order in sys.stdin:
        order = order.strip()
        if order == "busy":
            stop.clear()
            driver = threading.Thread(target=stay_busy, name="driver")
            driver.start()
        elif driver is not None:
            stop.set()
            driver.join()
            gc.collect()
        print(order, flush=True)


if __name__ == "__main__":
    main()
