"""A loop in pure Python, until the test says stop."""
import threading

import victim

stop = []


def listen():
    victim.step(still=False)
    stop.append(True)


def spin(start):
    count = start  # SPIN BEGINS
    while not stop:
        count += 1
        count ^= 3
    return count  # SPIN ENDS


listener = threading.Thread(target=listen, name="listener")
listener.start()
print(spin(1) > 0)
listener.join()
