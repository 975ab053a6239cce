"""Has a handler for SIGUSR2 before the library comes, which is loaded late, by ctypes."""
import ctypes
import os
import signal
import sys

import victim

seen = []
signal.signal(signal.SIGUSR2, lambda number, frame: seen.append(number))
if sys.argv[1]:
    ctypes.CDLL(sys.argv[1])
victim.step()
if not sys.argv[1]:
    os.kill(os.getpid(), signal.SIGUSR2)
print(len(seen) >= 1, set(seen) == {signal.SIGUSR2})
