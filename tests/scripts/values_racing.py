"""Memory that changes while it is read: without the GIL, on checked memory, nothing worse than a wrong value comes out."""

import collections
import ctypes
import sys
import threading

import values_probe
from values_probe import check, done, read

# Unlike `PyDLL`, this gives the GIL up for the call.
unlocked = ctypes.CDLL(sys.argv[1])
unlocked.tripod_read.argtypes = values_probe._probe.tripod_read.argtypes
unlocked.tripod_read.restype = ctypes.c_size_t


class Job:
    pass


job, numbers, mapping, members, line = Job(), [], {}, set(), collections.deque()
text = bytearray()
everything = [job, numbers, mapping, members, line, text, {"all": [job, numbers, mapping, members, line]}]
stop = False


def change(seed):
    number = seed
    while not stop:
        number += 7
        setattr(job, "a%d" % (number % 40), "x" * (number % 1000))
        numbers.append([number] * (number % 5))
        mapping[number % 500] = {"k": (number, str(number))}
        members.add(number % 300)
        line.append(number * 10**20)
        text.extend(b"x" * (number % 50))
        if number % 3 == 0:
            job.__dict__.pop("a%d" % (number % 37), None)
            mapping.pop((number * 13) % 500, None)
            members.discard((number * 11) % 300)
        if number % 200 == 0:
            del numbers[:], text[:]
            line.clear()
            mapping.clear()
            members.clear()
            job.__dict__ = {}


# Two of them would crash 3.13 without the GIL, with nobody reading.
seeds = (1,) if values_probe._flags & 1 else (1, 500)
threads = [threading.Thread(target=change, args=(seed,)) for seed in seeds]
sys.setswitchinterval(1e-4)
for thread in threads:
    thread.start()
usual, values_probe._probe = values_probe._probe, unlocked
whole = 0
for _ in range(60):
    for thing in everything:
        found = read(thing, checked=True, chars=2000, items=50, depth=4, times=10)
        whole += "not read" not in found and "damaged" not in found
stop = True
for thread in threads:
    thread.join()
values_probe._probe = usual
check(whole > 50, whole, "were whole")
for thing in everything:
    check("not read" not in read(thing), "afterwards", read(thing)[:300])
done()
