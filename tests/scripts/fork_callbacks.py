"""Forks with callbacks of Python code, and counts the warnings about threads; then stands elsewhere."""

import os
import warnings

import victim

os.register_at_fork(before=lambda: sum(range(100)), after_in_parent=lambda: sum(i for i in range(100)))


def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return pid


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(20):
        os.waitpid(fork(), 0)
print(len(caught), "warnings")
fork()
victim.step(still=False)
os.wait()
