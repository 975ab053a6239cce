"""Stands in calls of C, without Python around them, that no handler lets go on, until a signal comes."""
import ctypes
import errno
import os
import select
import signal
import sys

import victim

if sys.argv[1:] == ["handler"]:
    signal.signal(signal.SIGUSR2, lambda *_: None)
    signal.siginterrupt(signal.SIGUSR2, False)
LIBC = ctypes.CDLL(None, use_errno=True)


class Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


here, there = os.pipe()
poll = (ctypes.c_int * 2)(here, select.POLLIN)
for name, call in [
    ("poll", lambda: LIBC.poll(poll, 1, 60_000)),
    ("nanosleep", lambda: LIBC.nanosleep(ctypes.byref(Time(60, 0)), None)),
]:
    victim.ready()
    result = call()
    print(name, result, errno.errorcode.get(ctypes.get_errno()))
