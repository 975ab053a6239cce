"""Closes its standard streams, one after the other, and works on for a while with pipes under their numbers."""
import os
import time

import victim

victim.keep_open()
victim.step(still=False)
for number in (2, 1, 0):
    os.close(number)
for turn in range(300):
    here, there = os.pipe()
    assert (here, there) == (0, 1), (here, there)
    last = os.dup(there)
    assert last == 2, last
    os.write(there, b"mine")
    os.write(last, b"mine")
    assert os.read(here, 4096) == b"minemine"
    for number in (here, there, last):
        os.close(number)
    # So that dumps come in between.
    time.sleep(0.001)
victim.say("done")
