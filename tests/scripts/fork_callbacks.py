"""Forks with callbacks of Python code, and counts the warnings about threads."""

import os
import warnings

os.register_at_fork(before=lambda: sum(range(100)), after_in_parent=lambda: sum(i for i in range(100)))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(20):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
print(len(caught), "warnings")
