"""Looks at itself, again and again, with all that Python offers, while it is being dumped; tells each answer that it got.

An answer that Tripod is known to change is told as it is without Tripod, and the change beside it by `victim.say`.
"""
import ctypes
import gc
import locale
import os
import signal
import sys
import sysconfig
import threading
import time
import tracemalloc
import warnings
import weakref

import victim

WATCHED = "LD_PRELOAD" in os.environ
TURNS = 1000


def answers(question, turns=TURNS):
    """Every answer that the question ever gets, while this thread gives up the GIL now and then."""
    seen = []
    for turn in range(turns):
        answer = question()
        if answer not in seen:
            seen.append(answer)
        if turn % 100 == 0:
            time.sleep(0.001)
    return seen


def descriptors():
    """The numbers in use, but for the one that listing them takes."""
    directory = "/proc/self/fd"
    return sorted(number for number in os.listdir(directory) if os.path.lexists(os.path.join(directory, number)))


def tasks():
    """Threads of the process; one more is Tripod's."""
    return len(os.listdir("/proc/self/task")) - (1 if WATCHED else 0)


def caught():
    """The signals that a handler of the process's is for, and the handler's address where Tripod is not known to be there."""
    with open("/proc/self/status") as status:
        mask = int(next(line for line in status if line.startswith("SigCgt:")).split()[1], 16)
    if WATCHED:
        assert mask & 1 << signal.SIGUSR2 - 1
        mask &= ~(1 << signal.SIGUSR2 - 1)
    return hex(mask)


def collected():
    """How often the collector runs for the same work, and what it finds; not how long it takes (3.15)."""
    gc.collect()
    before = [dict(stats) for stats in gc.get_stats()]
    kept = []
    for turn in range(60_000):
        kept.append([turn])
        if turn % 5_000 == 0:
            kept.clear()
            time.sleep(0.001)
    return [{key: now[key] - then[key] for key in then if key != "duration"} for now, then in zip(gc.get_stats(), before)]


def counts():
    """Objects and blocks at two moments between which dumps were taken."""
    gc.collect()
    gc.disable()
    before = len(gc.get_objects()), gc.get_count()[0]
    for _ in range(100):
        time.sleep(0.001)
    after = len(gc.get_objects()), gc.get_count()[0]
    gc.enable()
    return [now - then for now, then in zip(after, before)]


def total_references():
    """Debug builds: the least change of all references over many looks, as a dump that waits has a few for itself."""
    total = getattr(sys, "gettotalrefcount", lambda: 0)
    least = lambda: min(answers(total, 200))
    least()
    first = least()
    time.sleep(0.5)
    return abs(least() - first) < 20


def traced():
    """What tracemalloc has of the same work."""
    tracemalloc.start()
    kept = [bytearray(1000) for _ in range(1000)]
    time.sleep(0.2)
    here = tracemalloc.Filter(True, __file__)
    statistics = tracemalloc.take_snapshot().filter_traces([here]).statistics("filename")
    tracemalloc.stop()
    return [(statistic.size >= 1_000_000, statistic.count >= 2000) for statistic in statistics], len(kept)


def errors_of_c():
    """`errno` after calls of C that fail."""
    libc = ctypes.CDLL(None, use_errno=True)
    return answers(lambda: (libc.close(-1), ctypes.get_errno()), 5_000)


order = []


class Canary:
    def __del__(self):
        order.append(("del", threading.current_thread().name))


def lifetimes():
    """Everything is freed when its last reference goes, by the thread that lets it go."""
    wrong = 0
    for turn in range(TURNS):
        order.clear()
        canary = Canary()
        watch = weakref.ref(canary, lambda _: order.append(("weakref", threading.current_thread().name)))
        expected = sys.getrefcount(canary)
        text = "".join(["text", str(turn)])
        references = sys.getrefcount(text)

        def generate(held):
            yield held
            yield held

        generator = generate(canary)
        next(generator)
        frame = weakref.ref(generator)
        if turn % 100 == 0:
            time.sleep(0.001)
        same = sys.getrefcount(canary) == expected + 1 and sys.getrefcount(text) == references
        del generator
        gone = frame() is None and not order
        del canary
        ended = order == [("weakref", "MainThread"), ("del", "MainThread")] or order == [("del", "MainThread"), ("weakref", "MainThread")]
        wrong += not (same and gone and ended and watch() is None)
    return wrong


audited = set()


def audit():
    """The events that audit hooks see while nothing but sleep happens."""
    armed = []
    sys.addaudithook(lambda event, arguments: audited.add(event) if armed else None)
    armed.append(True)
    for _ in range(100):
        time.sleep(0.001)
    armed.clear()
    return sorted(audited)


def main():
    while WATCHED and len(os.listdir("/proc/self/task")) < 2:
        time.sleep(0.001)
    victim.step(still=False)
    other = threading.Event()
    worker = threading.Thread(target=other.wait, name="worker")
    worker.start()
    print("threads:", answers(lambda: sorted(thread.name for thread in threading.enumerate())))
    print("active_count:", answers(threading.active_count))
    print("_current_frames:", answers(lambda: len(sys._current_frames())))
    print("native id:", answers(lambda: threading.get_native_id() == os.getpid()))
    print("tasks:", answers(tasks, 300))
    other.set()
    worker.join()
    print("descriptors:", answers(descriptors, 500))
    print("caught:", answers(caught, 500))
    print("getsignal:", answers(lambda: signal.getsignal(signal.SIGUSR2)))
    print("blocked:", answers(lambda: sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))))
    print("switch interval:", answers(sys.getswitchinterval))
    print("locale:", answers(lambda: (locale.setlocale(locale.LC_ALL), locale.localeconv()["decimal_point"])))
    print("environment:", answers(lambda: sorted(name for name in os.environ if not name.startswith(("TRIPOD_", "LD_PRELOAD")))))
    print("modules:", sorted(sys.modules))
    print("hooks:", answers(lambda: (sys.gettrace(), sys.getprofile(), threading.excepthook.__name__, len(gc.callbacks))))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        print("filters:", answers(lambda: len(warnings.filters)))
    print("warnings:", told)
    print("collections:", collected())
    print("objects:", answers(counts, 5))
    print("references:", total_references())
    print("tracemalloc:", traced())
    print("errno:", errors_of_c())
    print("lifetimes:", lifetimes())
    print("audited:", audit())
    victim.step(still=False)


main()
