"""Tells what the program can see of its signals, threads, descriptors and modules."""
import os
import signal
import sys

import victim

victim.step()
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
print(sorted(os.listdir("/proc/self/fd")))
print(sorted(os.environ.keys() - {"LD_PRELOAD", "TMPDIR", "VICTIM_SAYS"} - {n for n in os.environ if n.startswith("TRIPOD_")}))
print(sorted(name for name in sys.modules if "tripod" in name))
