"""Types of the standard library (and of numpy, where it is installed) that say most in their own words."""

import asyncio
import datetime
import decimal
import fractions
import functools
import pathlib
import random
import re
import subprocess
import sys
import types
import typing
import uuid
import weakref
from datetime import timedelta, timezone

from values_probe import check, done, like, read, same

random.seed(5)
HEX = "0x[0-9a-f]+"

plus_two = timezone(timedelta(hours=2))
for value in [
    datetime.date(2021, 2, 3), datetime.date.min, datetime.date.max, datetime.datetime(2021, 2, 3, 4, 5),
    datetime.datetime(2021, 2, 3, 4, 5, 6), datetime.datetime(2021, 2, 3, 4, 5, 6, 789012), datetime.datetime(1, 1, 1),
    datetime.datetime(2021, 2, 3, 4, 5, 0, 7, tzinfo=timezone.utc), datetime.datetime(2021, 2, 3, tzinfo=plus_two, fold=1),
    datetime.datetime(2021, 2, 3, 23, 59, fold=1), datetime.time(4, 5), datetime.time(4, 5, 6), datetime.time(0, 0, 0, 1),
    datetime.time(4, 5, tzinfo=timezone.utc), datetime.time(4, 5, fold=1), timedelta(0), timedelta(days=-3, seconds=5, microseconds=7),
    timedelta(seconds=-1), timedelta.max, timezone.utc, plus_two, timezone(timedelta(0), "it's"), timezone(-timedelta(minutes=90), "X"),
    type("MyDate", (datetime.date,), {})(2021, 2, 3), type("MyDateTime", (datetime.datetime,), {})(2021, 2, 3),
    type("MyDelta", (timedelta,), {})(1),
]:
    same(value)
for _ in range(200):
    same(datetime.datetime.fromtimestamp(random.uniform(0, 4e9), random.choice([None, timezone.utc, plus_two])))
    same(timedelta(seconds=random.uniform(-1e9, 1e9)))
if sys.version_info >= (3, 9):
    import zoneinfo
    try:
        same(zoneinfo.ZoneInfo("Europe/Berlin"))
        same(datetime.datetime(2021, 2, 3, tzinfo=zoneinfo.ZoneInfo("UTC")))
    except zoneinfo.ZoneInfoNotFoundError:
        print("no time zones here")

D = decimal.Decimal
for text in ["0", "-0", "1", "1.50", "-123.45", "1E+5", "1E-5", "1E-7", "0.000001", "0.0000001", "1.23E+10", "123E+3", "0E-10", "0E+3",
             "Infinity", "-Infinity", "NaN", "-NaN", "NaN123", "sNaN", "sNaN5", "9" * 19, "1" + "0" * 19, "1" + "0" * 38 + "5",
             "12345678901234567890.12345678901234567890", "9" * 152, "1E+999999", "-1.5E-999999"]:
    same(D(text))
for _ in range(500):
    sign, digits = random.choice(["", "-"]), "".join(random.choice("0123456789") for _ in range(random.randint(1, 60)))
    same(D("%s%sE%d" % (sign, digits, random.randint(-70, 30))))
check(read(D("1234567890" * 20)) == "Decimal('1.234567890123456…E+199' (200 digits))", read(D("1234567890" * 20)))
check(read(D(-3).scaleb(5000) + 1) == repr(D(-3).scaleb(5000) + 1))
with decimal.localcontext() as context:
    context.prec = 100_000
    check(read(D(10) ** 99_000 + 1) == "Decimal('1.000000000000000…E+99000' (99,001 digits))", read(D(10) ** 99_000 + 1))
same(fractions.Fraction(1, 3))
same(fractions.Fraction(-7, 2**80))

for pattern in [re.compile("a+b"), re.compile("it's \n", re.I | re.M), re.compile(b"x", re.S), re.compile("x", re.A | re.X),
                re.compile("é", re.IGNORECASE)]:
    same(pattern)
check("(100000 characters)" in read(re.compile("a" * 100_000), chars=100), read(re.compile("a" * 100_000), chars=100))

for _ in range(20):
    same(uuid.uuid4())
same(uuid.UUID(int=0))
same(uuid.UUID(int=2**128 - 1))

for parts in [(), ("",), (".",), ("/",), ("//",), ("///",), ("/a/b",), ("//a/b",), ("a", "b"), ("a//b/./c/",), ("a", "/b"), ("/a", "../b"),
              ("it's",), ("it's", 'a"b'), ("a" * 300, "b"), ("é", "漢")]:
    for make in (pathlib.Path, pathlib.PurePosixPath):
        # With and without the string that it keeps once it was asked for.
        path = make(*parts)
        before = [read(path), read(path, checked=True)]
        check(before == [repr(path)] * 2, parts, before, repr(path))
        same(path)
same(pathlib.Path("a") / "b" / "/c" / "d")
same(pathlib.Path("/a/b/c").parent)
check(read(pathlib.PureWindowsPath("c:\\x")).startswith("<pathlib"))

child = subprocess.Popen(["sleep", "0"])
like(child, r"<subprocess.Popen object at ADDRESS pid=%d, returncode=None, args=\['sleep', '0'\]>" % child.pid)
child.wait()
like(child, r"<subprocess.Popen object at ADDRESS pid=%d, returncode=0, args=\['sleep', '0'\]>" % child.pid)


async def main():
    loop = asyncio.get_running_loop()
    task = loop.create_task(other(), name="it's")
    like(task, "<_asyncio.Task pending name=\"it's\" coro=<coroutine object other at %s>>" % HEX)
    await task
    like(task, "<_asyncio.Task finished name=\"it's\" coro=<coroutine object other at %s>>" % HEX)
    task = loop.create_task(asyncio.sleep(100))
    like(task, "<_asyncio.Task pending name='Task-[0-9]+' coro=<coroutine object sleep at %s>>" % HEX)
    name = task.get_name()
    like(task, "<_asyncio.Task pending name='%s' coro=<coroutine object sleep at %s>>" % (name, HEX))
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    like(task, "<_asyncio.Task cancelled name='%s' coro=<coroutine object sleep at %s>>" % (name, HEX))
    future = loop.create_future()
    like(future, "<_asyncio.Future pending at ADDRESS>")
    future.set_result(1)
    like(future, "<_asyncio.Future finished at ADDRESS>")


async def other():
    pass

asyncio.run(main())


class Job:
    def run(self):
        pass


job = Job()




cells = (lambda value: lambda: value)(5).__closure__
same(cells[0])
same("x".__str__)
like(memoryview(b"abc"), "<memory at ADDRESS>")
like(weakref.proxy(job), "<weakproxy at %s; to '(__main__.)?Job' at %s>" % (HEX, hex(id(job))))
if sys.version_info >= (3, 9):
    same(list[int])
    same(dict[str, Job])
    same(tuple[int, ...])
if sys.version_info >= (3, 10):
    same(int | str | None)
    same(staticmethod(len))
    same(classmethod(len))
like(property(), "<property object at ADDRESS>")
like(iter([]), "<list_iterator object at ADDRESS>")
like(functools.lru_cache(maxsize=1)(len), "<functools._lru_cache_wrapper object at ADDRESS.*>")
like(random.Random(), "<random.Random object at ADDRESS.*>")

try:
    import numpy
except ImportError:
    print("no numpy here")
else:
    print("numpy", numpy.__version__)
    for value, expected in [
        (numpy.zeros((3, 4)), "<numpy.ndarray shape=(3, 4) dtype=float64>"), (numpy.zeros(5, "i4"), "<numpy.ndarray shape=(5,) dtype=int32>"),
        (numpy.array(1), "<numpy.ndarray shape=() dtype=int64>"), (numpy.zeros(2, ">u2"), "<numpy.ndarray shape=(2,) dtype=>uint16>"),
        (numpy.zeros((1,) * 32, bool), "<numpy.ndarray shape=(%s) dtype=bool>" % ", ".join(["1"] * 32)),
        (numpy.array(["abc"]), "<numpy.ndarray shape=(1,) dtype=str>"), (numpy.zeros((0, 2), object), "<numpy.ndarray shape=(0, 2) dtype=object>"),
        (numpy.int64(-5), "numpy.int64(-5)"), (numpy.uint8(200), "numpy.uint8(200)"), (numpy.int8(-1), "numpy.int8(-1)"),
        (numpy.float32(0.1), "numpy.float32(0.1)"), (numpy.float64(0.1), "float64(0.1)"),
        (numpy.uint64(2**64 - 1), "numpy.uint64(18446744073709551615)"),
    ]:
        check(read(value) == expected, "\n   expected", expected, "\n   found   ", read(value))
    check(read(numpy.bool_(True)) in ("numpy.bool_(True)", "numpy.bool(True)"), read(numpy.bool_(True)))
    check(read(numpy.zeros(3).view(type("MyArray", (numpy.ndarray,), {}))) == "<__main__.MyArray shape=(3,) dtype=float64>")
done()
