"""Objects that tell of every special method of theirs that is called, in the hands of several threads, with a profiler
and a tracer on each: what happens while the test takes dumps is written to standard output."""
import gc
import os
import sys
import threading

import victim

armed = False
seen = []


def note(*what):
    if armed and len(seen) < 100:
        seen.append(what)


def wired(name):
    """A special method that tells, and then does what the base class does."""

    def method(self, *args, **kwargs):
        note("called", name)
        for base in type.__getattribute__(type(self), "__mro__")[1:]:
            inherited = type.__getattribute__(base, "__dict__").get(name)
            if inherited is not None and not getattr(inherited, "is_wire", False):
                return inherited(self, *args, **kwargs)
        if name == "__bool__":
            return True
        if name in ("__len__", "__hash__", "__index__", "__int__", "__length_hint__", "__sizeof__"):
            return 1
        if name in ("__repr__", "__str__", "__format__"):
            return "wired"
        return NotImplemented

    method.is_wire = True
    method.__name__ = name
    return method


UNARY = "repr str bytes format len iter next reversed hash bool int float complex index length_hint sizeof dir abs neg pos invert del"
ACCESS = "getattribute setattr delattr getitem setitem delitem contains get set delete call"
BINARY = "eq ne lt le gt ge add radd sub mul matmul truediv floordiv mod divmod pow lshift and or xor"
OTHER = "enter exit await aiter anext copy deepcopy reduce reduce_ex getstate fspath instancecheck subclasscheck"
NAMES = ["__%s__" % name for name in " ".join([UNARY, ACCESS, BINARY, OTHER]).split()]


def getattr_wire(self, name):
    note("called", "__getattr__", name)
    raise AttributeError(name)


def prop(name):
    def get(self):
        note("property", name)
        return name

    return property(get)


class Descriptor:
    def __get__(self, instance, owner):
        note("descriptor")
        return 1

    def __set__(self, instance, value):
        note("descriptor set")


def namespace():
    """Every special method, but for those that a class needs to be made."""
    wires = {name: wired(name) for name in NAMES}
    wires["__getattr__"] = getattr_wire
    return wires


NOT_FOR_META = ("__call__", "__del__", "__set__", "__get__", "__delete__")
Meta = type("Meta", (type,), {name: wire for name, wire in namespace().items() if name not in NOT_FOR_META})


def wired_class(name, *bases, **extra):
    body = namespace()
    body["answer"] = prop("answer")
    body["descriptor"] = Descriptor()
    body.update(extra)
    return Meta(name, bases, body)


Plain = wired_class("Plain")
Lying = wired_class("Lying", __class__=prop("__class__"), __dict__=prop("__dict__"), __doc__=prop("__doc__"), __module__=prop("__module__"))
Slotted = wired_class("Slotted", __slots__=("a", "b"))
Dict = wired_class("Dict", dict)
List = wired_class("List", list)
Str = wired_class("Str", str)
Int = wired_class("Int", int)
Tuple = wired_class("Tuple", tuple)
Set = wired_class("Set", set)
Bytes = wired_class("Bytes", bytes)
Float = wired_class("Float", float)
Error = wired_class("Error", Exception)


def make():
    """One instance of each, filled without the help of their methods."""
    plain = object.__new__(Plain)
    object.__setattr__(plain, "attribute", 1)
    lying = object.__new__(Lying)
    slotted = object.__new__(Slotted)
    table = dict.__new__(Dict)
    dict.__setitem__(table, "key", plain)
    items = list.__new__(List)
    list.append(items, plain)
    elements = set.__new__(Set)
    set.add(elements, 1)
    return {
        "plain": plain,
        "lying": lying,
        "slotted": slotted,
        "table": table,
        "items": items,
        "text": str.__new__(Str, "text"),
        "number": int.__new__(Int, 5),
        "pair": tuple.__new__(Tuple, (plain, lying)),
        "elements": elements,
        "raw": bytes.__new__(Bytes, b"raw"),
        "real": float.__new__(Float, 1.5),
        "error": Exception.__new__(Error, "went wrong"),
        "kind": Plain,
        "meta": Meta,
    }


def hold(turn, argument, *args, **kwargs):
    plain, lying, slotted = kwargs["plain"], kwargs["lying"], kwargs["slotted"]
    table, items, text, number = (kwargs[name] for name in ("table", "items", "text", "number"))
    pair, elements, raw, real, error = (kwargs[name] for name in ("pair", "elements", "raw", "real", "error"))
    kind, meta = kwargs["kind"], kwargs["meta"]
    key_of = {text: plain, number: lying}
    nested = [[plain], {"deep": (lying, items)}]
    cell = plain

    def inner():
        return turn(), cell

    return inner()


def spy(frame, event, argument):
    note(event, frame.f_code.co_name)
    return spy


def on_collection(phase, info):
    note("collection", phase)


def monitor():
    """3.12+: every event of the interpreter, in every thread."""
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None:
        return
    monitoring.use_tool_id(4, "tripwires")
    events = 0
    for name in ("PY_START", "PY_RESUME", "PY_RETURN", "PY_YIELD", "CALL", "LINE", "JUMP", "RAISE", "PY_UNWIND"):
        event = getattr(monitoring.events, name)
        events |= event
        monitoring.register_callback(4, event, lambda code, *rest, name=name: note("monitoring", name, code.co_name))
    monitoring.set_events(4, events)


def main():
    global armed
    objects = make()
    event = threading.Event()
    threading.setprofile(spy)
    threading.settrace(spy)
    threads = [
        threading.Thread(target=hold, args=(event.wait, objects["plain"], objects["lying"]), kwargs=objects, name="wired-%d" % i)
        for i in range(3)
    ]
    for thread in threads:
        thread.start()
    victim.settle()
    gc.callbacks.append(on_collection)
    gc.collect()
    monitor()
    counts = {name: sys.getrefcount(value) for name, value in objects.items()}
    tracked = len(gc.get_objects())

    allocated = []

    def turn():
        global armed
        sys.setprofile(spy)
        sys.settrace(spy)
        victim.ready()
        gc.collect()
        before = gc.get_count()
        armed = True
        os.read(0, 1)
        armed = False
        allocated.extend(now - then for now, then in zip(gc.get_count(), before))
        sys.settrace(None)
        sys.setprofile(None)

    hold(turn, objects["plain"], objects["lying"], **objects)
    after = {name: sys.getrefcount(value) for name, value in objects.items()}
    print("tracked objects more:", len(gc.get_objects()) - tracked)
    print("objects for the collector to look at:", allocated)
    print("reference counts:", {name: after[name] - counts[name] for name in objects})
    print("threads:", sorted(thread.name for thread in threading.enumerate()))
    gc.callbacks.remove(on_collection)
    event.set()
    threading.setprofile(None)
    threading.settrace(None)
    for thread in threads:
        thread.join()
    for what in seen:
        print("seen:", *what)


main()
