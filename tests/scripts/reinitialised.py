"""What tests/probes/embed.c runs in each of its interpreters."""
import sys
import threading

import victim


def worker(number):
    victim.dump()
    return number


def main(round_):
    victim.dump()
    thread = threading.Thread(target=worker, args=(round_,))
    thread.start()
    thread.join()
    victim.tick()
    print("round", round_)


main(int(sys.argv[1]))
sys.stdout.flush()
