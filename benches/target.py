"""The watched program: FILE THREADS [--idle] [--big].

THREADS threads of 23 frames sleep: 3 of `threading`, 20 recursive ones with 5 arguments and 3 locals each. The main
thread is busy and records its own pauses in FILE, which PauseRecord in watched.py reads: the time of its latest sign of
life, the number of pauses so far, and a ring of (from, to), all in nanoseconds of the monotonic clock, unsigned 64-bit.
The loop itself only compares two times; it writes when it was held up for longer than THRESHOLD.

--idle   the main thread sleeps too
--big    one of the main thread's frames has a list of 10 million items and a string of 100 MB
"""

import mmap
import struct
import sys
import threading
import time
from itertools import repeat

THRESHOLD = 10_000
RING = 1 << 16

PAIR = struct.Struct("=QQ")


class Job:
    def __init__(self, number):
        self.number = number
        self.state = "queued"


def descend(depth, name, numbers, table, job):
    label = f"{name} at depth {depth}"
    pair = (depth, label)
    ratio = depth / 7
    if depth > 1:
        return descend(depth - 1, name, numbers, table, job)
    ready.release()
    time.sleep(1_000_000)


def busy(shared):
    clock = time.perf_counter_ns
    count = 0
    last = clock()
    while True:
        for _ in repeat(None, 20_000):
            now = clock()
            if now - last > THRESHOLD:
                PAIR.pack_into(shared, PAIR.size * (1 + count % RING), last, now)
                count += 1
                PAIR.pack_into(shared, 0, last, count)
            last = now
        PAIR.pack_into(shared, 0, last, count)


def with_big_locals(work, *arguments):
    numbers = list(range(10_000_000)) if "--big" in sys.argv else None
    text = "a" * 100_000_000 if "--big" in sys.argv else None
    work(*arguments)


if __name__ == "__main__":
    ready = threading.Semaphore(0)
    for number in range(int(sys.argv[2])):
        numbers, table = list(range(20)), {f"key {index}": index for index in range(10)}
        arguments = (20, f"worker {number}", numbers, table, Job(number))
        threading.Thread(target=descend, args=arguments, daemon=True).start()
        ready.acquire()
    with open(sys.argv[1], "r+b") as file:
        shared = mmap.mmap(file.fileno(), PAIR.size * (1 + RING))
    print("ready", flush=True)
    if "--idle" in sys.argv:
        time.sleep(1_000_000)
    with_big_locals(busy, shared)
