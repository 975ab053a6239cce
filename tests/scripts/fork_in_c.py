"""Forks without telling the interpreter, as uWSGI does; the child stands for as long as its parent does."""

import ctypes
import os

import victim

read, write = os.pipe()
pid = ctypes.PyDLL(None).fork()
if pid == 0:
    os.close(write)
    victim.say("child", os.getpid())
    os.read(read, 1)
    os._exit(7)
victim.step(still=False)
os.close(write)
print("the child ended with", os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
