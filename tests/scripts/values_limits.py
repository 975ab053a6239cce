"""What is cut, where, and what is said about it; what is masked."""

import collections
import functools
import types

from values_probe import check, done, read


def shows(expected, thing, **how):
    for checked in (False, True):
        found = read(thing, checked=checked, **how)
        check(found == expected, how, "\n   expected", expected, "\n   found   ", found)


# Characters of a variable.
shows("'%s'… (1000000 characters)" % ("a" * 1000), "a" * 10**6, chars=1000)
shows("b'%s'… (1000000 bytes)" % ("a" * 1000), b"a" * 10**6, chars=1000)
shows("bytearray(b'%s'… (1000000 bytes))" % ("a" * 89), bytearray(b"a" * 10**6), chars=100)
shows("'%s'… (1000000 characters)" % (r"\x1b" * 250), "\x1b" * 10**6, chars=1000)
shows("MyStr('%s'… (500 characters))" % ("漢" * 93), type("MyStr", (str,), {})("漢" * 500), chars=100)
shows("1267650600228229… (101 bits)", 2**100)
shows("-1267650600228229… (101 bits)", -2**100)
shows("1000000000000000… (3,322 bits)", 10**1000)
for number in (3**5000, 7**300, 2**100_000 - 1, 10**40, 10**31 - 1):
    bits, leading = number.bit_length(), number
    # `str` of a large number is refused from 3.11 on.
    while leading > 10**1000:
        leading //= 10**500
    shows("%s… (%s bits)" % (str(leading)[:16], format(bits, ",")), number)

# Items, and how many are not shown.
shows("[0, 1, 2, … 9999997 more]", list(range(10**7)), items=3)
shows("{0: 0, 1: 1, … 8 more}", {n: n for n in range(10)}, items=2)
shows("{0, 1, … 8 more}", set(range(10)), items=2)
shows("deque([0, 1, … 8 more], maxlen=10)", collections.deque(range(10), maxlen=10), items=2)
shows("dict_keys([0, … 9 more])", {n: n for n in range(10)}.keys(), items=1)
shows("(0, … 1 more)", (0, 1), items=1)
shows("[… 2 more]", [0, 1], items=0)
shows("[]", [], items=0)
shows("namespace(a=1, … 2 more)", types.SimpleNamespace(a=1, b=2, c=3), items=2 - 1)


class Thing:
    pass


thing = Thing()
thing.a, thing.b, thing.c = 1, [[1]], "x"
shows("<__main__.Thing object at %s a=1, … 2 more>" % hex(id(thing)), thing, items=1)

# Depth: a variable's own items are leaves at 1.
nest = [1, [2, [3, []]], {"a": {}, "b": (1,)}, thing]
at = hex(id(thing))
shows("[… 4 more (depth)]", nest, depth=0)
shows("[1, [… 2 more (depth)], {… 2 more (depth)}, <__main__.Thing object at %s … 3 more (depth)>]" % at, nest, depth=1)
shows("[1, [2, [… 2 more (depth)]], {'a': {}, 'b': (… 1 more (depth))}, <__main__.Thing object at %s a=1, b=[… 1 more (depth)], c='x'>]" % at,
      nest, depth=2)
deep = []
for _ in range(100_000):
    deep = [deep]
check(read(deep, depth=10**6).count("[") == 65, read(deep, depth=10**6))
while deep:
    deep = deep[0]
chain = None
for _ in range(10_000):
    link = Thing()
    link.next = chain
    chain = link
check(read(chain, depth=10**6).endswith(">" * 65), read(chain, depth=10**6)[-100:])
bound = functools.partial(print)
for _ in range(1000):
    bound = functools.partial(bound.__call__)
check("more (depth)" in read(bound, depth=3) or "object at" in read(bound, depth=3))

# One large value leaves room for the others.
found = read({"big": "x" * 10**6, "list": list(range(10**6)), "small": 1, "last": "here"}, chars=200, items=20)
check("'small': 1" in found and "'last': 'here'" in found and "(1000000 characters)" in found, found)
check(len(found) < 400, found)
found = read(["y" * 1000] * 20, chars=1000)
check(found.count("(1000 characters)") == 20, found)
check(len(found) < 20 * 30 + 1000, len(found))
found = read([["y" * 1000] * 1000] * 1000, chars=1000, items=1000)
check("(characters)" in found and len(found) < 20_000, len(found), found[-300:])
found = read([list(range(1000))] * 20, chars=1000, items=1000)
check("(characters)" in found and len(found) < 2500, len(found), found)

# The dump's bytes.
found = read(list(range(1000)), bytes=1000)
check("more (bytes)]" in found, found)
check(read([1], bytes=10) == "<not read:  (bytes)>", read([1], bytes=10))

# Secrets, by the name of the variable, a key, an attribute, a field, a keyword.
MASK = "'********'"
for name in ["password", "DB_PASSWD", "client_secret", "Token", "api_key", "APIKEY", "Authorization", "cookies", "credentials",
             "my_private_key", "session_id"]:
    for value in ["s3cret", None, [1, 2], {"a": 1}, thing]:
        shows(MASK, value, name=name)
    shows("{'%s': %s, 'x': 1}" % (name, MASK), {name: "s3cret", "x": 1})
    shows("{b'%s': %s}" % (name, MASK), {name.encode(): "s3cret"})
    setattr(thing, name, "s3cret")
    check("s3cret" not in read(thing) and "%s=%s" % (name, MASK) in read(thing), read(thing))
    check("s3cret" not in read({"x" * 500 + name: "s3cret"}, chars=50))
    check("s3cret" not in read({b"x" * 500 + name.encode(): "s3cret"}, chars=50))
    check("s3cret" not in read({type("Key", (str,), {})(name): "s3cret"}))
    check("s3cret" not in read({name: "s3cret"}.items()), read({name: "s3cret"}.items()))
shows("P(user='u', password=%s)" % MASK, collections.namedtuple("P", "user password")("u", "s3cret"))
shows("namespace(token=%s)" % MASK, types.SimpleNamespace(token="s3cret"))
shows("[1, 2]", [1, 2], name="tokeen")
shows("{'password': 's3cret'}", {"password": "s3cret"}, redact=False)
shows("'s3cret'", "s3cret", name="password", redact=False)


class Slots:
    __slots__ = ("user", "secret")


slots = Slots()
slots.user, slots.secret = "u", "s3cret"
shows("<__main__.Slots object at %s secret=%s, user='u'>" % (hex(id(slots)), MASK), slots)
done()
