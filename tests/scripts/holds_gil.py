"""Keeps the GIL in one C call after another, until the test says stop."""
import threading

import victim

stop = []
numbers = range(5_000_000)


def listen():
    victim.step(still=False)
    stop.append(True)


listener = threading.Thread(target=listen)
listener.start()
while not stop:
    sum(numbers)
listener.join()
print("done")
