"""Installs a handler of its own for a while and puts back what it found, as libraries do."""
import signal
import time

import victim

# Tripod is done with the signal soon after the interpreter's start. Without Tripod this is over at once.
while signal.getsignal(signal.SIGUSR2) is None:
    time.sleep(0.001)
victim.step()
before = signal.signal(signal.SIGUSR2, lambda *_: print("its own handler"))
print(before.name)
signal.raise_signal(signal.SIGUSR2)
signal.signal(signal.SIGUSR2, before)
print(signal.getsignal(signal.SIGUSR2).name)
