"""A second interpreter with a thread in it."""
import os
import threading

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

import victim

inward_read, inward_write = os.pipe()
outward_read, outward_write = os.pipe()
SOURCE = """
import os
def inside_the_other(n):
    os.write(%d, b'!')
    os.read(%d, n)
inside_the_other(1)
""" % (outward_write, inward_read)
interpreter = interpreters.create()


def run():
    (getattr(interpreters, "exec", None) or interpreters.run_string)(interpreter, SOURCE)


thread = threading.Thread(target=run, name="runner")
thread.start()
os.read(outward_read, 1)
victim.step(still=False)
os.write(inward_write, b"!")
thread.join()
interpreters.destroy(interpreter)
print("one interpreter again")
