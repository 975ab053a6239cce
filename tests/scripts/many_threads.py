"""Five hundred threads that wait for one event."""
import threading

import victim

threading.stack_size(256 * 1024)
event = threading.Event()


def stand(number):
    event.wait()  # WAIT


threads = [threading.Thread(target=stand, args=(number,), name="waiter-%d" % number) for number in range(500)]
for thread in threads:
    thread.start()
victim.step()
event.set()
for thread in threads:
    thread.join()
print(len(threads))
