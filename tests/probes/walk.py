"""Compares what the walk sees of this interpreter with what Python says of itself; tests/walk.rs runs it.

    walk.py PROBE stacks|busy|interpreters|positions|time

Prints what was compared; a difference is an exception.
    stacks        each case parks a thread in the midst of something; all are compared with sys._current_frames()
    busy          the same with threads that the GIL was taken from wherever they were
    interpreters  a thread in another interpreter
    positions     every instruction of some modules of the standard library
    time          what the walk of 500 threads costs
"""

import ctypes
import dis
import faulthandler
import os
import sys
import sysconfig
import threading
import time
import types

from walk_cases import CASES, gates, park, parked


class Target(ctypes.Structure):
    """What the probe has to know; tests/probes/walk.rs has the same structure."""

    _fields_ = [
        ("runtime", ctypes.c_size_t),
        ("code_type", ctypes.c_size_t),
        ("cell_type", ctypes.c_size_t),
        ("minor", ctypes.c_uint8),
        ("micro", ctypes.c_uint8),
        ("free_threaded", ctypes.c_uint8),
        ("debug", ctypes.c_uint8),
        ("checked", ctypes.c_uint8),
        ("limit", ctypes.c_uint32),
    ]


VERSION = sys.version_info[:2]
probe = ctypes.PyDLL(sys.argv[1])
probe.probe_walk.restype = ctypes.c_ssize_t
probe.probe_time.restype = ctypes.c_uint64


def target(checked=False, limit=5000):
    return Target(
        ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime")),
        id(types.CodeType),
        id(type((lambda x: lambda: x)(0).__closure__[0])),
        sys.version_info[1],
        sys.version_info[2],
        bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        hasattr(sys, "gettotalrefcount"),
        checked,
        limit,
    )


class Frame:
    def __init__(self, fields):
        self.file, self.name = fields[:2]
        self.line, self.end_line, self.start, self.end = map(int, fields[2:6])
        self.scope = fields[6]
        self.instruction, self.code, self.globals, self.locals = map(int, fields[7:])
        self.variables = []


class Thread:
    def __init__(self, fields):
        self.ident, self.native_id = map(int, fields[:2])
        self.main = fields[2] == "true"
        self.interpreter, self.modules = map(int, fields[3:5])
        self.shares_gil = fields[5] == "true"
        self.omitted, self.omitted_after = map(int, fields[6:8])
        self.damaged = fields[8] == "true"
        self.frames = []


room = ctypes.create_string_buffer(16 << 20)


def walk(**how):
    """The threads, as the probe sees them."""
    length = probe.probe_walk(ctypes.byref(target(**how)), room, len(room))
    assert length != 0, "the room is too small"
    words = ctypes.string_at(room, abs(length)).decode()
    if length < 0:
        raise Refused(words)
    return threads_of(words)


class Refused(Exception):
    """The probe could not read everything."""


def threads_of(words):
    threads = []
    for line in words.splitlines():
        kind, *fields = line.split("\t")
        if kind == "T":
            threads.append(Thread(fields))
        elif kind == "F":
            threads[-1].frames.append(Frame(fields))
        else:
            threads[-1].frames[-1].variables.append((fields[0], fields[1], int(fields[2])))
    return threads


def compare_frame(seen, frame, innermost):
    code = frame.f_code
    where = "%s in %s:%s" % (code.co_name, code.co_filename, frame.f_lineno)
    assert seen.file == code.co_filename, (seen.file, where)
    assert seen.name == getattr(code, "co_qualname", code.co_name), (seen.name, where)
    assert seen.code == id(code), where
    assert seen.globals == id(frame.f_globals), where
    values = frame.f_locals
    if not innermost:
        assert seen.line == frame.f_lineno, (seen.line, where)
        assert seen.instruction == frame.f_lasti, (seen.instruction, frame.f_lasti, where)
        if VERSION >= (3, 11):
            position = list(code.co_positions())[frame.f_lasti // 2]
            expected = tuple(-1 if part is None else part for part in position)
            assert (seen.line, seen.end_line, seen.start, seen.end) == expected, (expected, where)
    names = [name for name, _, _ in seen.variables]
    assert len(set(names)) == len(names), (names, where)
    held = {name: address for name, _, address in seen.variables}
    if code.co_flags & 1:
        assert seen.scope == "function", where
        if not innermost:
            expected = {name: id(value) for name, value in values.items()}
            assert held == expected, (held, expected, where)
        check_roles(seen, code)
    elif frame.f_locals is frame.f_globals:
        assert (seen.scope, seen.locals) == ("module", seen.globals), where
    elif seen.scope == "module":
        # A comprehension runs inlined, so that f_locals is a view made for the occasion (3.13+).
        assert VERSION >= (3, 12) and seen.variables, where
    else:
        assert (seen.scope, seen.locals) == ("class", id(values)), where
        for name in held:
            assert name not in values or id(values[name]) == held[name], (name, where)


def check_roles(seen, code):
    """Arguments come in the order of the signature."""
    positional = code.co_varnames[: code.co_argcount]
    rest = list(code.co_varnames[code.co_argcount :])
    keyword_only = [rest.pop(0) for _ in range(code.co_kwonlyargcount)]
    signature = [(name, "argument") for name in positional]
    if code.co_flags & 4:
        signature.append((rest.pop(0), "*"))
    signature += [(name, "argument") for name in keyword_only]
    if code.co_flags & 8:
        signature.append((rest.pop(0), "**"))
    bound = {name for name, _, _ in seen.variables}
    expected = [(name, role) for name, role in signature if name in bound]
    assert [(name, role) for name, role, _ in seen.variables][: len(expected)] == expected, seen.variables
    assert all(role == "local" for _, role, _ in seen.variables[len(expected) :]), seen.variables


def stack_of(frame):
    frames = []
    while frame:
        frames.append(frame)
        frame = frame.f_back
    return frames[::-1]


def compare(**how):
    """Walks all threads and compares; gives them by name."""
    threads = walk(**how)
    current = sys._current_frames()
    mine = threading.get_ident()
    by_ident = {thread.ident: thread for thread in threads if thread.frames}
    assert set(by_ident) == set(current), (set(by_ident), set(current))
    assert threads[0].main and threads[0].ident == threading.main_thread().ident
    assert not any(thread.main for thread in threads[1:])
    created = [thread.ident for thread in threads[1:] if thread.frames]
    alive = [thread.ident for thread in threading.enumerate() if thread is not threading.main_thread()]
    assert created == sorted(created, key=alive.index), (created, alive)
    frames = variables = 0
    named = {}
    for ident, thread in by_ident.items():
        assert thread.modules == id(sys.modules) and thread.interpreter == 0 and thread.shares_gil
        assert not thread.damaged
        known = threading._active[ident]
        named[known.name] = thread
        if VERSION >= (3, 11):
            assert thread.native_id == known.native_id
        expected = stack_of(current[ident])
        if ident == mine:
            # Since then this function has gone on, and walk() has come back.
            inner = thread.frames.pop()
            assert (inner.name, inner.scope) == ("walk", "function"), inner.name
            assert inner.line == walk.__code__.co_firstlineno + 2, inner.line
        assert len(thread.frames) == len(expected), (len(thread.frames), len(expected), known.name)
        for depth, (seen, frame) in enumerate(zip(thread.frames, expected)):
            compare_frame(seen, frame, ident == mine and depth == len(expected) - 1)
            frames += 1
            variables += len(seen.variables)
    print("%d threads, %d frames, %d variables agree" % (len(by_ident), frames, variables))
    return named


ended = set()


def in_c_call(thread, code):
    """Whether the thread has reached the last call of `code`, which does not come back by itself."""
    frame = sys._current_frames().get(thread.ident)
    if frame is None or frame.f_code is not code:
        return False
    calls = [i.offset for i in dis.get_instructions(code) if i.opname.startswith("CALL")]
    return frame.f_lasti == calls[-1]


def await_c_call(thread, code):
    # Within a few instructions of where it says that it is.
    while not in_c_call(thread, code):
        time.sleep(0)


failures = []


def run(case):
    try:
        case()
    except BaseException as failure:
        failures.append((case, failure))
        raise
    finally:
        ended.add(threading.get_ident())
        parked.release()


def stacks():
    cases = [
        threading.Thread(target=run, args=(case,), name="case %d" % number, daemon=True)
        for number, case in enumerate(CASES)
    ]
    sleeper = threading.Thread(target=time.sleep, args=(10**6,), name="sleeper", daemon=True)
    lock = threading.Lock()
    lock.acquire()
    locker = threading.Thread(target=lock.acquire, name="locker", daemon=True)
    for thread in cases + [sleeper, locker]:
        thread.start()
    for thread in (sleeper, locker):
        await_c_call(thread, threading.Thread.run.__code__)
    rounds = 0
    while cases:
        for _ in cases:
            parked.acquire()
        for thread in cases:
            if thread.ident in ended:
                thread.join()
        cases = [thread for thread in cases if thread.ident not in ended]
        for thread in cases:
            await_c_call(thread, park.__code__)
        named = compare()
        again = compare(checked=True)
        assert set(named) == {thread.name for thread in cases} | {"MainThread", "sleeper", "locker"}
        for name, thread in named.items():
            if name != "MainThread":
                assert vars_of(thread) == vars_of(again[name]), name
        rounds += 1
        for thread in cases:
            gates[thread.ident].release()
    assert rounds > 3, rounds
    assert not failures, failures
    limits()


def work(stop):
    """Never waits, and is taken the GIL from in all sorts of places."""

    def numbers(count):
        for number in range(count):
            yield number, [number * other for other in range(3) if other != number]

    def total(*parts, key=lambda part: -part, **options):
        return sum(sorted(parts, key=key)) + len(options)

    class Counter:
        def __init__(self, count):
            self.count = count

        @property
        def double(self):
            return [self.count for _ in "ab"]

    while not stop:
        for number, products in numbers(20):
            kept = lambda: number  # noqa: E731
            total(*products, number, name=number)
            Counter(number).double, kept()
            exec("class C:\n  a = [x for x in range(5)]\n  def f(self): return __class__")


def busy():
    stop = []
    threads = [threading.Thread(target=work, args=(stop,), name="busy %d" % n, daemon=True) for n in range(3)]
    for thread in threads:
        thread.start()
    free_threaded = not getattr(sys, "_is_gil_enabled", lambda: True)()
    compared = attempts = 0
    places, differ = set(), []
    sys.setswitchinterval(1e-5)
    while compared < 300 or not (free_threaded or len(places) > 20):
        attempts += 1
        assert attempts < 1000000
        time.sleep(0)
        if free_threaded:
            # Frames go away while they are read, which must do no harm; what was seen cannot be compared.
            try:
                compared += bool(walk(checked=True))
            except Refused:
                compared += 1
            continue
        before = walk()
        current = sys._current_frames()
        frames = {ident: [(f, f.f_code, f.f_lineno, f.f_lasti) for f in stack_of(f)] for ident, f in current.items()}
        after = walk()
        for one, other in zip(before, after):
            # The GIL was kept from the first walk to the second one; or the thread came back to the same place, once in a
            # while.
            if one.ident == threading.get_ident() or vars_of(one) != vars_of(other):
                continue
            expected = [(id(code), line or 0, instruction) for _, code, line, instruction in frames[one.ident]]
            if [(seen.code, seen.line, seen.instruction) for seen in one.frames] == expected:
                places.update((code.co_name, instruction) for _, code, _, instruction in frames[one.ident])
            else:
                differ.append(([vars(seen) for seen in one.frames], expected))
            compared += 1
    stop.append(True)
    for thread in threads:
        thread.join()
    # There are some twenty places: one that is always seen wrongly is one in twenty.
    assert len(differ) * 50 <= compared, differ[:3]
    print("%d threads agree of %d walks, in %d places" % (compared - len(differ), attempts, len(places)))


def interpreters():
    try:
        import _interpreters
    except ImportError:
        import _xxsubinterpreters as _interpreters
    other = _interpreters.create()
    read, write = os.pipe()
    script = "import os, time\ndef f(waits):\n  os.write(%d, b'x')\n  time.sleep(10**6)\nf(True)" % write
    thread = threading.Thread(target=_interpreters.run_string, args=(other, script), daemon=True)
    thread.start()
    os.read(read, 1)
    while True:
        threads = walk(checked=True)
        there = [seen for seen in threads if seen.interpreter != 0]
        # It says that it is there a few instructions before it sleeps.
        if there and there[-1].frames and there[-1].frames[-1].line == 4:
            break
        # In 3.11 an interpreter does not ask the others for the GIL that they share.
        time.sleep(0)
    assert [seen.interpreter for seen in there] == [int(other)] * len(there), there
    seen = [seen for seen in there if seen.frames][0]
    # Before 3.13 the thread state is that of the thread that made the interpreter.
    assert seen.ident == thread.ident or VERSION < (3, 13)
    assert not seen.main and not seen.damaged
    assert seen.modules not in (0, id(sys.modules))
    # From 3.12 on an interpreter made by this module has a GIL of its own.
    assert seen.shares_gil == (VERSION < (3, 12)), seen.shares_gil
    assert [frame.name for frame in seen.frames] == ["<module>", "f"], [frame.name for frame in seen.frames]
    assert [variable[:2] for variable in seen.frames[1].variables] == [("waits", "argument")]
    assert [t.main for t in threads].count(True) == 1 and threads[0].main and threads[0].interpreter == 0
    print("%d thread states of two interpreters agree" % len(threads))
    sys.stdout.flush()
    # An interpreter in which a thread still runs cannot be left in an orderly way.
    os._exit(0)


def vars_of(thread):
    """Everything of a thread, for comparing. What `f_locals` left in a frame when it was asked for says nothing."""
    plain = {key: value for key, value in vars(thread).items() if key != "frames"}
    frames = [dict(vars(frame)) for frame in thread.frames]
    for frame in frames:
        if frame["scope"] == "function":
            del frame["locals"]
    return plain, frames


def limits():
    """A stack that is too deep loses its middle, and says how much."""

    def deeper(depth):
        return deeper(depth - 1) if depth else (walk(), walk(limit=10), walk(limit=7), walk(checked=True, limit=7))

    whole, ten, seven, checked = [threads[0] for threads in deeper(200)]
    lines = [(frame.name, frame.code) for frame in whole.frames]
    for thread, limit in ((ten, 10), (seven, 7), (checked, 7)):
        outer = limit // 2
        assert len(thread.frames) == limit and not thread.damaged
        assert (thread.omitted, thread.omitted_after) == (len(whole.frames) - limit, outer), vars(thread)
        kept = [(frame.name, frame.code) for frame in thread.frames]
        assert kept == lines[:outer] + lines[len(lines) - (limit - outer) :], kept
        assert [f.variables for f in thread.frames[:outer]] == [f.variables for f in whole.frames[:outer]]
    depths = [dict((name, address) for name, _, address in f.variables)["depth"] for f in ten.frames[-4:-1]]
    assert depths == [id(2), id(1), id(0)], depths
    assert (whole.omitted, whole.omitted_after) == (0, 0)


def code_objects(module):
    """Every code object of a module's source."""
    with open(module.__file__, "rb") as file:
        todo = [compile(file.read(), module.__file__, "exec")]
    while todo:
        code = todo.pop()
        yield code
        todo.extend(const for const in code.co_consts if isinstance(const, types.CodeType))


def lines_of(code):
    """The line of every second byte of the bytecode, by Python's own account."""
    length = len(code.co_code)
    if VERSION >= (3, 10):
        lines = [0] * length
        for start, end, line in code.co_lines():
            lines[start:end] = [line or 0] * (end - start)
        return lines[::2]
    lines, line, starts = [], code.co_firstlineno, dict(dis.findlinestarts(code))
    for offset in range(0, length, 2):
        line = starts.get(offset, line)
        lines.append(line)
    return lines


def positions():
    import argparse
    import dataclasses
    import json.decoder

    count = instructions = 0
    made = "x = [\n" + "\n" * 300 + "1," * 3 + " " * 200 + "f(2),\n]\n" + "\n" * 70000 + "y = (\n x,\n\n\n\n x())\n"
    codes = [compile(made, "<made>", "exec")]
    for module in (argparse, dataclasses, json.decoder, dis, threading):
        codes.extend(code_objects(module))
    for code in codes:
        units = len(code.co_code) // 2
        numbers = (ctypes.c_int32 * (4 * units))()
        assert probe.probe_positions(ctypes.byref(target()), ctypes.c_size_t(id(code)), numbers, ctypes.c_size_t(units)) == 0
        seen = [tuple(numbers[at : at + 4]) for at in range(0, 4 * units, 4)]
        lines = [entry[0] for entry in seen]
        assert lines == lines_of(code), (code, lines, lines_of(code))
        if VERSION >= (3, 11):
            for unit, position in enumerate(code.co_positions()):
                line, end_line, start, end = (-1 if part is None else part for part in position)
                assert seen[unit] == (max(line, 0), end_line, start, end), (code, unit, seen[unit], position)
        else:
            assert all(entry[1:] == (-1, -1, -1) for entry in seen)
        count += 1
        instructions += units
    print("%d code objects, %d instructions agree" % (count, instructions))


def timing():
    """What the walk costs: 500 threads of 23 frames with 8 variables."""
    threading.stack_size(256 << 10)
    source = "".join(
        "def f%d(a, b, c, d=4):\n  e, f, g, h = 'e', (a,), [b], {c: d}\n  return f%d(a, b, c)\n" % (n, n + 1)
        for n in range(21)
    )
    space = {"f21": park}
    exec(source, space)
    threads = [threading.Thread(target=space["f0"], args=(1, 2, 3), daemon=True) for _ in range(500)]
    for thread in threads:
        thread.start()
    for _ in threads:
        parked.acquire()
    for checked in (False, True):
        counts = (ctypes.c_size_t * 2)()
        nanoseconds = probe.probe_time(ctypes.byref(target(checked)), 20, counts)
        assert nanoseconds
        how = "through the kernel" if checked else "directly"
        print("%d frames, %d variables, read %s: %.2f ms" % (counts[0], counts[1], how, nanoseconds / 1e6))


if __name__ == "__main__":
    parts = {
        "stacks": stacks,
        "busy": busy,
        "interpreters": interpreters,
        "positions": positions,
        "time": timing,
    }
    # Whatever waits for ever shows where, and fails.
    faulthandler.dump_traceback_later(300, exit=True)
    parts[sys.argv[2]]()
