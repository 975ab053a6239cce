"""Lets a script read its own objects with the probe: `read(object)` is the one-line form."""

import ctypes
import sys
import sysconfig


class Request(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in
                ("hexversion", "flags", "chars", "items", "depth", "bytes", "times")] + [("took", ctypes.c_uint64)]


_probe = ctypes.PyDLL(sys.argv[1])
_probe.tripod_read.argtypes = [ctypes.POINTER(Request), ctypes.c_char_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
_probe.tripod_read.restype = ctypes.c_size_t
_flags = (1 if sysconfig.get_config_var("Py_GIL_DISABLED") else 0) | (2 if hasattr(sys, "gettotalrefcount") else 0)
_buffer = ctypes.create_string_buffer(1 << 22)
last = Request()


def read(thing, name=None, checked=False, redact=True, chars=1 << 20, items=10000, depth=20, bytes=1 << 30, times=1):
    """The one-line form of `thing` as the value of a variable `name`."""
    global last
    flags = _flags | (4 if checked else 0) | (0 if redact else 8)
    last = Request(sys.hexversion, flags, chars, items, depth, bytes, times)
    count = _probe.tripod_read(last, name and name.encode(), id(thing), _buffer, len(_buffer))
    assert count <= len(_buffer), count
    return _buffer.raw[:count].decode()


failures = 0


def check(condition, *what):
    """Counts a failure and says what it was."""
    global failures
    if not condition:
        failures += 1
        if failures <= 30:
            print("FAILED", *what)


def same(thing):
    """Its one-line form is its `repr`, on memory of both kinds."""
    expected = repr(thing)
    for checked in (False, True):
        found = read(thing, checked=checked)
        check(found == expected, "checked" if checked else "held", "\n   repr ", expected[:300], "\n   found", found[:300])


def like(thing, pattern):
    """Its one-line form matches a regular expression, on memory of both kinds; `ADDRESS` is its address."""
    import re
    pattern = pattern.replace("ADDRESS", hex(id(thing)))
    for checked in (False, True):
        found = read(thing, checked=checked)
        check(re.fullmatch(pattern, found, re.S), "\n   pattern", pattern, "\n   found  ", found[:300])


def done():
    """Ends the script with its verdict."""
    print("failures:", failures)
    sys.exit(1 if failures else 0)
