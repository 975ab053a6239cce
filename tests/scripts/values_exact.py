"""Exact builtins, and whatever else shows as its own `repr`, to the character."""

import random
import sys
import time
import types
from collections import namedtuple

from values_probe import check, done, read, same

random.seed(2)

CONSTANTS = [None, True, False, ..., NotImplemented]
INTS = [0, 1, -1, 2**15, 2**30 - 1, 2**30, -2**30, 2**60 - 1, 2**60, 2**63, 2**64, -2**64, 2**90, 10**30, -10**30]
INTS += [random.randint(-10**random.randint(1, 29), 10**random.randint(1, 29)) for _ in range(300)]
FLOATS = [0.0, -0.0, 1.0, -1.5, 1e16, 9999999999999998.0, 1e15, 123456789.123, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308,
          float("inf"), float("-inf"), float("nan"), 0.1 + 0.2, 1e22, 1e23, 2.5e-7]
FLOATS += [random.uniform(-1, 1) * 10.0**random.randint(-320, 300) for _ in range(500)]
FLOATS += [float(random.randint(-10**18, 10**18)) for _ in range(100)]
COMPLEX = [complex(a, b) for a in FLOATS[:14] for b in FLOATS[:14]]

ALPHABETS = ["abc XYZ019_", "'\"\\", "\t\n\r\x00\x1b\x7f\x80\x9f\xa0\xad", "éüÿß", "aéл漢", "\u2028\u2029\u202e\u200b\ufeff\ud800\udfff",
             "😀🎉\U000e0001\U0010ffff", "a\u0301\u0300"]


def random_text():
    letters = "".join(random.sample(ALPHABETS, random.randint(1, 4)))
    return "".join(random.choice(letters) for _ in range(random.choice([0, 1, 2, 5, 20, 300, 700])))


TEXTS = ["", "a", "it's", 'say "it"', "both ' and \"", "\\", "x" * 255, "x" * 256, "x" * 257, "é" * 300, "漢" * 300, "😀" * 300]
TEXTS += [random_text() for _ in range(300)]
BYTES = [b"", b"abc", b"it's", b"'\"", b"\\\n\r\t\x00\xff", bytes(range(256)), b"x" * 1000]
BYTES += [bytes(random.randint(0, 255) for _ in range(random.randint(0, 40))) for _ in range(50)]

for values in (CONSTANTS, INTS, FLOATS, COMPLEX, TEXTS, BYTES):
    for value in values:
        same(value)

# Legacy strings and the like: made by other roads than literals.
for value in ["".join(["a", "b"]), "%s" % "x", sys.intern("interned"), chr(233), "x" * 10**5, str(b"\xff", "latin-1")]:
    same(value)

for value in [bytearray(), bytearray(b"abc"), bytearray(b"\x00'\xff")]:
    same(value)
shifted = bytearray(b"0123456789")
del shifted[:4]
same(shifted)

for value in [range(0), range(10), range(1, 10), range(1, 10, 3), range(10, 0, -1), range(2**70, 2**71), range(0, 10, 2**70),
              slice(None), slice(1), slice(1, 2), slice("a", None, 2.5)]:
    same(value)

LEAVES = CONSTANTS + INTS[:10] + FLOATS[:10] + TEXTS[:60] + BYTES[:8]


def random_value(depth):
    kind = random.randint(0, 9) if depth else 0
    if kind < 4:
        return random.choice(LEAVES)
    if kind == 4:
        return [random_value(depth - 1) for _ in range(random.randint(0, 5))]
    if kind == 5:
        return tuple(random_value(depth - 1) for _ in range(random.randint(0, 5)))
    if kind in (6, 7):
        return {random.choice(LEAVES): random_value(depth - 1) for _ in range(random.randint(0, 7))}
    items = [random.choice(LEAVES) for _ in range(random.randint(0, 7))]
    return set(items) if kind == 8 else frozenset(items)


for _ in range(600):
    value = random_value(4)
    expected = repr(value)
    found = read(value, redact=False)
    check(found == expected, "\n   repr ", expected[:500], "\n   found", found[:500])

# Tables of every size, with what deleting and inserting leaves in them.
for size in (0, 1, 5, 8, 9, 100, 300, 70_000):
    mapping = {number if size % 2 else str(number): number for number in range(size)}
    # Of more than some thousand empty entries a reader loses patience.
    for key in list(mapping)[::3 if size < 1000 else 30]:
        del mapping[key]
    mapping["late"] = 1
    check(read(mapping, items=100_000, chars=1 << 24) == repr(mapping), "dict of", size)
    numbers = set(range(min(size, 1000)))
    for number in range(0, size, 3):
        numbers.discard(number)
    check(read(numbers, items=100_000) == repr(numbers), "set of", size)
    numbers.add(("late",))
    check(read(numbers, items=100_000) == repr(numbers), "set of", size)
emptied = dict.fromkeys(range(1000))
emptied.clear()
same(emptied)
mixed = {"a": 1}
mixed[2] = 3
same(mixed)


class Plain:
    pass


# Tables whose keys are shared: the instance's dictionary itself.
plains = [Plain() for _ in range(5)]
for index, plain in enumerate(plains):
    plain.a, plain.b = index, "b"
plains[1].c = 1
del plains[2].a
plains[2].a = "again"
for plain in plains:
    same(plain.__dict__)
same(vars(Plain()))

for value in [[], [[]], (), ((),), (1,), [()], {"a": {}}, {(): []}]:
    same(value)
loop = [1]
loop.append(loop)
same(loop)
ring = {"a": [1]}
ring["a"].append(ring)
same(ring)
knot = ([],)
knot[0].append(knot)
same(knot)
same([loop, loop])

for value in [int, list, type, Plain, types.ModuleType, time.struct_time, namedtuple("N", "a b"), ValueError]:
    same(value)
for value in [len, print, [].append, "x".join, time.sleep, dict.fromkeys, str.join, int.__add__, object.__init__,
              Plain.__dict__["__dict__"], types.FunctionType.__dict__["__closure__"], types.FunctionType.__dict__["__code__"]]:
    same(value)
for module in [sys, time, types, random]:
    same(module)


def function(a, b=1):
    return a


def generator():
    yield 1


async def coroutine():
    pass


async def async_generator():
    yield 1


pending = coroutine()
for value in [function, lambda: 0, Plain.__init__, function.__code__, generator(), pending, async_generator(),
              (n for n in ()), random.random, random.Random]:
    same(value)
pending.close()
same({"f": function}.items())
same({"f": function, "g": 1}.keys())
same({"f": function, "g": [1]}.values())
same(types.MappingProxyType({"a": 1}))
same(types.SimpleNamespace(a=1, b="x"))
same(types.SimpleNamespace())
for value in [ValueError(), ValueError("x"), ValueError("x", 2), KeyError("k"), OSError(2, "No such file"), OSError(2, "No", "/f"),
              StopIteration(1), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), SystemExit(3)]:
    same(value)
same(namedtuple("Point", "x y")(1, [2]))
same(time.gmtime(0))
same(sys.float_info)
done()
