"""Makes interpreters and ends them while Tripod takes its dumps: one after another, and several with threads at once.

With the argument "own" each has a GIL of its own (3.12+).
"""
import sys
import threading

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

import victim

SOURCE = """
import threading
def inside(depth):
    if depth:
        return inside(depth - 1)
    return sum(len(str(number)) for number in range(300))
%s
"""
ALONE = SOURCE % "inside(20)"
WITH_THREAD = SOURCE % """
thread = threading.Thread(target=inside, args=(20,))
thread.start()
inside(5)
thread.join()
"""


def create():
    own = sys.argv[1:] == ["own"]
    if interpreters.__name__ == "_interpreters":
        return interpreters.create("isolated" if own else "legacy")
    if sys.version_info >= (3, 9):
        return interpreters.create(isolated=own)
    return interpreters.create()


def live_and_die(source):
    interpreter = create()
    failed = (getattr(interpreters, "exec", None) or interpreters.run_string)(interpreter, source)
    assert failed is None, failed
    interpreters.destroy(interpreter)


def several(rounds):
    for _ in range(rounds):
        live_and_die(ALONE)


for _ in range(5):
    live_and_die(ALONE)
victim.dump()
for _ in range(5):
    live_and_die(WITH_THREAD)
victim.dump()
if sys.version_info >= (3, 12):
    # Before, two threads that make interpreters crash each other.
    threads = [threading.Thread(target=several, args=(5,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
victim.tick()
victim.dump()
print("interpreters left:", len(interpreters.list_all()))
