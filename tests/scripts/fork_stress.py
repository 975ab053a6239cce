"""Forks so many times, while dumps of parent and children are taken."""
import os
import sys
import time

import victim


def child(number):
    """Ends at once, or after a while, or after a dump, or after a child of its own."""
    if number % 4 == 1:
        time.sleep(0.002)
    elif number % 40 == 2:
        victim.dump()
    elif number % 4 == 3:
        status = os.waitpid(fork(0), 0)[1]
        assert status == 5 << 8, status


def fork(number):
    pid = os.fork()
    if pid == 0:
        try:
            child(number)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(5 + number % 3)
    return pid


def main(count):
    running = {}
    for number in range(count):
        running[fork(number)] = number
        while len(running) >= 4 or (running and number == count - 1):
            pid, status = os.waitpid(-1, 0)
            assert status == 5 + running.pop(pid) % 3 << 8, status
    victim.dump()
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print(count, "children, none left")


main(int(sys.argv[1]))
