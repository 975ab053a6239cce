"""Looks for threads that are none of its own where CPython shows any thread state: more than `threading` knows of."""
import faulthandler
import sys
import tempfile
import threading
import time

import victim

EXCEPTIONS = getattr(sys, "_current_exceptions", dict)


def spin():
    """Long enough for a dump to come and wait for the GIL."""
    for _ in range(5_000):
        pass


def blank_threads(text):
    """Threads of a faulthandler's text, and how many of them run no Python code."""
    threads = text.replace("Current thread", "\nThread").split("\nThread ")[1:]
    return len(threads), sum("File " not in thread for thread in threads)


victim.step(still=False)
other = threading.Event()
worker = threading.Thread(target=other.wait)
worker.start()
own = {thread.ident for thread in threading.enumerate()}
strange = []
shown = set()
with tempfile.TemporaryFile() as file:
    for turn in range(100):
        spin()
        strange.append({ident: value for ident, value in EXCEPTIONS().items() if ident not in own})
        spin()
        file.seek(0)
        file.truncate()
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        shown.add(blank_threads("\n" + file.read().decode()))
        if turn % 20 == 0:
            time.sleep(0.001)
other.set()
worker.join()
victim.say("more", max(len(found) for found in strange), len(shown) - 1)
print("of the threads that are not its own: at most one:", all(len(found) < 2 for found in strange))
print("an exception:", any(value not in (None, (None, None, None)) for found in strange for value in found.values()))
print("shown:", (2, 0) in shown, shown <= {(2, 0), (3, 1)})
