"""Reading runs nothing of the script's, takes and drops no reference, and allocates nothing of the interpreter's."""

import collections
import enum
import gc
import sys
import threading
import types

from values_probe import check, done, read

called = []


def record(name):
    def method(self, *args, **keywords):
        called.append(name)
        raise RuntimeError(name)
    return method


DUNDERS = ["repr", "str", "format", "bytes", "bool", "len", "length_hint", "iter", "next", "reversed", "contains", "getitem",
           "setitem", "delitem", "missing", "hash", "eq", "ne", "lt", "gt", "le", "ge", "call", "enter", "exit", "get", "set",
           "delete", "index", "int", "float", "complex", "dir", "sizeof", "reduce", "reduce_ex", "getstate", "instancecheck",
           "subclasscheck", "getattr", "getattribute", "setattr", "delattr", "await", "aiter", "anext", "fspath"]
TRIPWIRES = {"__%s__" % name: record(name) for name in DUNDERS}
TRIPWIRES["__del__"] = lambda self: called.append("del")
TRIPWIRES["__class__"] = property(record("class"))
TRIPWIRES["__dict__"] = property(record("dict"))
TRIPWIRES["prop"] = property(record("prop"))
for name in ("keys", "items", "values", "copy", "_asdict", "name", "value", "fileno", "qsize"):
    TRIPWIRES[name] = record(name)

Meta = type("Meta", (type,), {name: method for name, method in TRIPWIRES.items()
                              if name not in ("__del__", "__dict__", "__setattr__", "__class__", "__hash__", "__eq__", "name")})


def make(name, base, **more):
    # By `type.__new__` itself, so that no tripwire is stepped on while the traps are laid.
    return type.__new__(Meta, name, (base,), dict(TRIPWIRES, **more))


Wired, WiredError = make("Wired", object), make("WiredError", Exception)
WiredList, WiredDict, WiredSet = make("WiredList", list), make("WiredDict", dict), make("WiredSet", set)
WiredStr, WiredInt, WiredTuple = make("WiredStr", str), make("WiredInt", int), make("WiredTuple", tuple)
WiredNamed = make("WiredNamed", collections.namedtuple("N", "a b"))
WiredFloat, WiredBytes, WiredDeque = make("WiredFloat", float), make("WiredBytes", bytes), make("WiredDeque", collections.deque)
WiredThread, WiredOrdered = make("WiredThread", threading.Thread), make("WiredOrdered", collections.OrderedDict)
WiredSlots = make("WiredSlots", object, __slots__=("a",))
new = object.__new__
things = [new(Wired), new(WiredSlots), list.__new__(WiredList), dict.__new__(WiredDict), set.__new__(WiredSet),
          str.__new__(WiredStr, "password"), int.__new__(WiredInt, 5), tuple.__new__(WiredTuple, (1, 2)),
          tuple.__new__(WiredNamed, (1, 2)), float.__new__(WiredFloat, 1.5), bytes.__new__(WiredBytes, b"x"),
          collections.deque.__new__(WiredDeque), Exception.__new__(WiredError, "x"), new(WiredThread),
          collections.OrderedDict.__new__(WiredOrdered)]
list.append(things[2], things[0])
dict.__setitem__(things[3], "a", things[0])
dict.__setitem__(things[3], "b", things[2])
set.add(things[4], 1)
collections.deque.append(things[11], things[3])
object.__setattr__(things[0], "a", things[6])
object.__setattr__(things[1], "a", things[6])
holder = types.SimpleNamespace(thing=things[0], things=things)
method = types.MethodType(len, things[0])
everything = [things, {"wired": things[0], 1: things[3]}, holder, method, Wired, Meta, things[0]]
everything += things
del called[:]


class Plain:
    def __init__(self):
        self.a = 1
        self.b = [1, 2]


class Color(enum.Enum):
    RED = 1


plain = [Plain(), Color.RED, {"k": Plain()}, "text", 5.5, 10**20, b"x", (1, "a"), {1, 2}, range(5), Plain, len, Plain().__init__,
         collections.deque([1]), collections.Counter("abc"), collections.OrderedDict(a=1), ValueError("x")]


def references():
    return [sys.getrefcount(thing) for thing in everything + plain]


def profile(frame, event, arg):
    # The calls of the probe itself, and of the little that surrounds it, are ours.
    if event == "call" and frame.f_code.co_filename != __file__ and "values_probe" not in frame.f_code.co_filename:
        ran.append(frame.f_code.co_name)


def read_all():
    for thing in everything + plain:
        sys.setprofile(profile)
        held = read(thing)
        checked = read(thing, checked=True)
        sys.setprofile(None)
        check(held == checked, "\n   held   ", held, "\n   checked", checked)
        check("not read" not in held, held)


ran = []
gc.collect()
gc.disable()
read_all()
before = references()
read_all()
after = references()
check(before == after, "references", before, after)
check(called == [], "called", called)
# `ctypes` makes the structure by which the probe is asked.
check(set(ran) <= {"__init__"}, "ran", ran)

# The reading itself, apart from the call through ctypes: as many live objects and blocks after 1,000 times as after one.
def cost(times):
    gc.collect()
    before = (gc.get_count()[0], sys.getallocatedblocks())
    text = read(things[2], times=times)
    del text
    after = (gc.get_count()[0], sys.getallocatedblocks())
    return (after[0] - before[0], after[1] - before[1])


cost(1), cost(1)
check(cost(1000) == cost(1), "allocated", cost(1000), cost(1))
check(called == [], "called", called)
done()
