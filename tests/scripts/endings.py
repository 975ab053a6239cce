"""Ends in the way that is asked for; before that it lets Tripod take its dumps, or does not ("at_once")."""
import atexit
import os
import signal
import sys
import threading
import time

import victim


def off_the_end():
    print("the last line")


def exit_with_status():
    sys.exit(3)


def exit_with_message():
    sys.exit("a message")


def exit_in_a_thread():
    run_thread(lambda: sys.exit(3))


def uncaught():
    raise ValueError("uncaught")


def uncaught_in_a_thread():
    def fail():
        raise ValueError("uncaught")

    run_thread(fail)
    sys.exit(2)


def exit_now():
    print("not flushed", end="")
    os._exit(4)


def exit_now_in_a_thread():
    run_thread(lambda: os._exit(4))


def abort():
    os.abort()


def segfault():
    os.kill(os.getpid(), signal.SIGSEGV)


def segfault_with_faulthandler():
    import faulthandler

    # Of all threads it would tell Tripod's, too, in the moment of a dump: the README says so.
    faulthandler.enable(all_threads=False)
    faulthandler._sigsegv()


def terminated():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(100)


def terminated_with_handler():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(100)


def interrupted():
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    time.sleep(100)


def daemon_threads():
    def spin():
        while True:
            list(range(100))

    def sleep():
        while True:
            time.sleep(0.0001)

    for target in [spin, sleep, threading.Event().wait, lambda: time.sleep(1000)]:
        threading.Thread(target=target, daemon=True).start()


def atexit_that_takes_long():
    def linger():
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            time.sleep(0.001)
        print("lingered")

    atexit.register(linger)


def atexit_that_raises():
    def fail():
        raise ValueError("in atexit")

    atexit.register(print, "the other callback")
    atexit.register(fail)


def atexit_that_exits():
    atexit.register(sys.exit, 6)


def atexit_that_is_cleared():
    atexit.register(print, "never")
    atexit._clear()


class Lingers:
    def __init__(self, sleep=time.sleep, write=os.write):
        self.sleep = sleep
        self.write = write

    def __del__(self):
        self.sleep(0.3)
        self.write(1, b"finalised\n")


def finaliser_that_sleeps():
    global lingering
    lingering = Lingers()
    # The one that only the interpreter's own end lets go.
    sys.lingering = Lingers()


def thread_outlives_main():
    def work():
        time.sleep(0.3)
        print("the thread's last line")

    threading.Thread(target=work).start()


def run_thread(target):
    thread = threading.Thread(target=target, name="the thread")
    thread.start()
    thread.join()


def main():
    ending = globals()[sys.argv[1]]
    if sys.argv[2:] != ["at_once"]:
        victim.dump()
        victim.tick()
    ending()


main()
