"""How a victim and the test that started it talk, without touching standard output or error.

The victim appends lines to the file $VICTIM_SAYS; the test writes bytes to its standard input. A line is a word and
fields, with tabs between.
"""
import _thread
import os
import sys
import time


kept = None


def keep_open():
    """Keeps the file open that lines are appended to, for a script that cannot open it any more. Gives its number."""
    global kept
    kept = os.open(os.environ["VICTIM_SAYS"], os.O_WRONLY | os.O_APPEND)
    return kept


def say(*fields):
    line = "\t".join(str(field).replace("\t", " ").replace("\n", " ") for field in fields) + "\n"
    line = line.encode("utf-8", "backslashreplace")
    if kept is not None:
        os.write(kept, line)
        return
    with open(os.environ["VICTIM_SAYS"], "ab") as says:
        says.write(line)


def expect(**values):
    """Tells the test how Python itself writes these values."""
    for name, value in values.items():
        say("value", name, repr(value))


def step(still=True):
    """Stands here until the test says go on; then tells where every thread stood, if they stood `still`."""
    if still:
        settle()
    ready()
    os.read(0, 1)  # HOLD
    if still:
        tell_stacks()


def ready():
    """Tells the test, and which thread it has to see asleep before it may be sure that this one stands."""
    say("ready", _thread.get_native_id())


def settle():
    """Waits until every other thread of `threading` sleeps for good, without creating a frame object of any."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    others = [t.native_id for t in threading.enumerate() if t is not threading.current_thread()]
    seen = {}
    while others:
        now = {tid: asleep(tid) for tid in others}
        others = [tid for tid in others if now[tid] is None or now[tid] != seen.get(tid)]
        seen = now
        time.sleep(0.02)


def asleep(tid):
    """How often the thread has run so far, or None where it is not asleep."""
    with open("/proc/self/task/%d/status" % tid) as status:
        fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    if not fields["State"].startswith("S"):
        return None
    return fields["voluntary_ctxt_switches"], fields["nonvoluntary_ctxt_switches"]


def tell_stacks():
    """Tells the stack of every thread, outermost frame first, as it was in the caller's `os.read`."""
    import linecache

    threading = sys.modules.get("threading")
    threads = {t.ident: t for t in threading.enumerate()} if threading else {}
    here = sys._getframe().f_back
    for ident, frame in sys._current_frames().items():
        own = frame is sys._getframe()
        frame = here if own else frame
        frames = []
        while frame is not None:
            line = hold_line() if frame is here else frame.f_lineno
            code = frame.f_code
            frames.append((code.co_filename, line, getattr(code, "co_qualname", code.co_name)))
            frame = frame.f_back
        thread = threads.get(ident)
        if thread:
            say("thread", ident, thread.native_id, thread.daemon, thread.name)
        else:
            say("thread", ident, 0, "?", "?")
        for file, line, name in reversed(frames):
            say("frame", file, line, name, linecache.getline(file, line).strip())
    say("told")


def hold_line():
    with open(__file__, encoding="utf-8") as source:
        return next(number for number, line in enumerate(source, 1) if line.rstrip().endswith("# HOLD"))
