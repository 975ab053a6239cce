"""Installs a handler of its own on SIGUSR2, as its argument says how, and stands; then tells what came of each signal."""
import faulthandler
import os
import signal
import sys
import tempfile

import victim

how = sys.argv[1]
caught = []
traces = tempfile.TemporaryFile()
if how == "python":
    print(signal.signal(signal.SIGUSR2, lambda number, frame: caught.append(frame.f_code.co_name)) in (None, signal.SIG_DFL))
elif how == "ignore":
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
else:
    faulthandler.register(signal.SIGUSR2, file=traces, all_threads=False, chain=how == "chain")
victim.step(still=False)
for _ in range(5):
    if how != "chain" or "LD_PRELOAD" in os.environ:
        os.kill(os.getpid(), signal.SIGUSR2)
victim.step(still=False)
traces.seek(0)
text = traces.read().decode()
traces.close()
print(caught, text.count("(most recent call first)"))
print(signal.getsignal(signal.SIGUSR2) in (None, signal.SIG_DFL))
