"""Instances, subclasses of builtins, and what names cannot fake."""

import collections
import enum
import functools
import os
import time
import types
import typing
import weakref

from values_probe import check, done, like, read, same

HEX = "0x[0-9a-f]+"


class Job:
    def __init__(self, number, state="queued"):
        self.id = number
        self.state = state

    def run(self):
        pass


class Empty:
    pass


class Slotted:
    __slots__ = ("first", "__mangled", "unset")

    def __init__(self):
        self.first = 1
        self.__mangled = "m"


class Both(Slotted):
    __slots__ = ("second", "__dict__", "__weakref__")


class Derived(Job, Slotted):
    pass


like(Job(7), "<__main__.Job object at ADDRESS id=7, state='queued'>")
same(Empty())
same(object())
like(Slotted(), "<__main__.Slotted object at ADDRESS _Slotted__mangled='m', first=1>")
both = Both()
both.second, both.third = 2, 3
like(both, "<__main__.Both object at ADDRESS _Slotted__mangled='m', first=1, second=2, third=3>")
derived = Derived(1)
derived.first = 5
like(derived, "<__main__.Derived object at ADDRESS first=5, id=1, state='queued'>")

# However the attributes came to be where they are.
job = Job(1)
del job.id
like(job, "<__main__.Job object at ADDRESS state='queued'>")
job.id = 2
like(job, "<__main__.Job object at ADDRESS state='queued', id=2>")
job.__dict__
like(job, "<__main__.Job object at ADDRESS state='queued', id=2>")
job.__dict__[3] = "no name"
like(job, "<__main__.Job object at ADDRESS state='queued', id=2, … 1 more>")
job = Job(1)
job.__dict__ = {"fresh": 1}
like(job, "<__main__.Job object at ADDRESS fresh=1>")
many = Empty()
for number in range(100):
    setattr(many, "a%d" % number, number)
like(many, "<__main__.Empty object at ADDRESS " + ", ".join("a%d=%d" % (n, n) for n in range(100)) + ">")
job.me = job
like(job, "<__main__.Job object at ADDRESS fresh=1, me=<__main__.Job object at ADDRESS>>")


def local():
    class Inner:
        pass
    return Inner()


inner = local()
inner.x = 1
like(inner, "<__main__.local.<locals>.Inner object at ADDRESS x=1>")
like(Job(1).run, "<bound method Job.run of <__main__.Job object at %s id=1, state='queued'>>" % HEX)
like(type("Größe", (), {})(), "<__main__.Größe object at ADDRESS>")

# Subclasses of builtins by their storage.
MyInt, MyStr, MyFloat = type("MyInt", (int,), {}), type("MyStr", (str,), {}), type("MyFloat", (float,), {})
MyList, MyDict, MySet = type("MyList", (list,), {}), type("MyDict", (dict,), {}), type("MySet", (set,), {})
MyTuple, MyBytes, MyFrozen = type("MyTuple", (tuple,), {}), type("MyBytes", (bytes,), {}), type("MyFrozen", (frozenset,), {})
for value, expected in [
    (MyInt(-5), "MyInt(-5)"), (MyStr("it's"), "MyStr(\"it's\")"), (MyFloat(1.5), "MyFloat(1.5)"),
    (MyList([1, 2]), "MyList([1, 2])"), (MyDict(a=1), "MyDict({'a': 1})"), (MySet([1]), "MySet({1})"), (MySet(), "MySet()"),
    (MyTuple((1,)), "MyTuple((1,))"), (MyBytes(b"x"), "MyBytes(b'x')"), (MyFrozen([2]), "MyFrozen({2})"),
    (type("MyComplex", (complex,), {})(1 + 2j), "MyComplex(1+2j)"),
    (type("MyBytearray", (bytearray,), {})(b"x"), "MyBytearray(b'x')"),
    (collections.OrderedDict(a=1, b=2), "OrderedDict({'a': 1, 'b': 2})"),
    (collections.Counter(a=1), "Counter({'a': 1})"),
    (type("MyCounter", (collections.Counter,), {})(a=1), "MyCounter({'a': 1})"),
    (collections.defaultdict(list, a=[1]), "defaultdict(<class 'list'>, {'a': [1]})"),
    (collections.defaultdict(None, a=1), "defaultdict(None, {'a': 1})"),
    (collections.deque(), "deque([])"), (collections.deque([1, 2], maxlen=3), "deque([1, 2], maxlen=3)"),
    (type("MyDeque", (collections.deque,), {})([1]), "MyDeque([1])"),
    (collections.deque(range(300)), "deque(%r)" % list(range(300))),
]:
    check(read(value) == expected, "\n   expected", expected, "\n   found   ", read(value))
rotated = collections.deque(range(200), maxlen=200)
for number in range(333):
    rotated.append(number)
    if number % 3 == 0:
        rotated.popleft()
        rotated.appendleft(-number)
rotated.rotate(70)
same(rotated)
knot = collections.deque()
knot.append(knot)
same(knot)


class Point(collections.namedtuple("Point", "x y")):
    __slots__ = ()


class Typed(typing.NamedTuple):
    name: str
    size: int = 3


same(Point(1, "a"))
same(Typed("n"))
same(Point([Point(1, 2)], None))
same(time.localtime(0))
found = read(os.stat("."))
check(found.startswith("os.stat_result(st_mode=%d, " % os.stat(".").st_mode), found)


class Color(enum.Enum):
    RED = 1
    NAMED = "n"
    PAIR = (1, 2)


class Number(enum.IntEnum):
    ONE = 1


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Text(str, enum.Enum):
    A = "a"


for value in [Color.RED, Color.NAMED, Color.PAIR, Number.ONE, Permission.READ, Text.A, Color, Number]:
    if not isinstance(value, type):
        same(value)
check(read(Color) == "<class '__main__.Color'>", read(Color))
check(read(Permission.READ | Permission.WRITE) in ("<Permission.READ|WRITE: 3>", "<Permission: 3>"))

# Names are not what makes a C type.
Fake = type("collections.deque", (), {"__module__": "x"})
fake = Fake()
fake.a = 1
like(fake, "<x.collections.deque object at ADDRESS a=1>")
Renamed = type("R", (), {})
Renamed.__name__ = "_thread.lock"
Renamed.__qualname__ = "_thread.lock"
Renamed.__module__ = "builtins"
like(Renamed(), "<_thread.lock object at ADDRESS>")
Liar = type("Liar", (), {"__module__": 5})
like(Liar(), "<Liar object at ADDRESS>")
Tricky = type("Tricky", (tuple,), {"_fields": "abc"})
check(read(Tricky((1, 2, 3))) == "Tricky((1, 2, 3))", read(Tricky((1, 2, 3))))
Trickier = type("Trickier", (tuple,), {"_fields": (1, 2)})
check("… 2 more (damaged)" in read(Trickier((1, 2))), read(Trickier((1, 2))))


class Lying:
    @property
    def __class__(self):
        return int


like(Lying(), "<__main__.Lying object at ADDRESS>")


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    pass


same(WithMeta)
same(WithMeta())


class MyError(Exception):
    def __init__(self, code):
        super().__init__("no", code)
        self.code = code


same(MyError(5))

target = Job(1)
like(weakref.ref(target), "<weakref at ADDRESS; to '(__main__.)?Job' at %s>" % hex(id(target)))
dead = weakref.ref(Job(1))
like(dead, "<weakref at ADDRESS; dead>")


def add(a, b=0, *, password=None):
    pass


like(functools.partial(add), "functools.partial\\(<function add at %s>\\)" % HEX)
like(functools.partial(add, 1, [2], b=3), r"functools.partial\(<function add at %s>, 1, \[2\], b=3\)" % HEX)
like(functools.partial(add, password="x"), r"functools.partial\(<function add at %s>, password='\*+'\)" % HEX)
nested = types.SimpleNamespace(a=1)
nested.me = nested
same(nested)
cell = (lambda: job).__closure__
check(cell is None)
done()
