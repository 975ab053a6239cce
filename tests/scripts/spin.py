"""A loop in pure Python, until the test says stop."""
import threading
import time

import victim

spinning = []
stop = []


def listen():
    while not spinning:
        time.sleep(0.001)
    victim.step(still=False)
    stop.append(True)


def spin(start):
    count = start  # SPIN BEGINS
    spinning.append(True)
    while not stop:
        count += 1
        count ^= 3
    return count  # SPIN ENDS


listener = threading.Thread(target=listen, name="listener")
listener.start()
print(spin(1) > 0)
listener.join()
