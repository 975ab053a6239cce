"""Forks from a thread that is not the main one: in the child it is the only one, and the process ends with the last.

With the argument "another" the child starts one more thread, which outlives the first.
"""
import os
import sys
import threading
import time
import warnings

# A fork beside another thread is what this is about. The warning has the process's number in it.
warnings.simplefilter("ignore", DeprecationWarning)


def threads():
    return len(os.listdir("/proc/self/task"))


def wait_for_agent():
    """Waits until Tripod has come back, where it was there at all; whether it does is not what this is about."""
    end = time.monotonic() + 5
    while "LD_PRELOAD" in os.environ and threads() < 2 and time.monotonic() < end:
        time.sleep(0.001)


def outlive():
    """Runs until the first thread has ended: the kernel keeps it as a zombie."""
    state = ""
    while state != "Z":
        time.sleep(0.001)
        with open("/proc/self/task/%d/stat" % os.getpid()) as stat:
            state = stat.read().rsplit(")", 1)[1].split()[0]


def fork():
    child = os.fork()
    if child:
        print("the child ended with", os.waitpid(child, 0)[1])
        return
    wait_for_agent()
    if sys.argv[1:] == ["another"]:
        threading.Thread(target=outlive).start()


thread = threading.Thread(target=fork)
thread.start()
thread.join()
