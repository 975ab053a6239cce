"""Blocks in one call after the other, for some time each, while signals come, and tells how each has ended."""
import ctypes
import fcntl
import os
import select
import socket
import tempfile
import threading
import time

import victim

LIBC = ctypes.CDLL(None, use_errno=True)
WHILE = 0.3
victim.step(still=False)


def later(action):
    """Does it after a while, in another thread."""

    def wait():
        time.sleep(WHILE)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def told(name, call, action=None):
    begun = time.monotonic()
    thread = later(action) if action else None
    result = call()
    # Not early; 1 ms for clocks that differ.
    print(name, result, "in time" if time.monotonic() - begun > WHILE - 0.001 else "EARLY", flush=True)
    if thread:
        thread.join()


def c_read():
    buffer = ctypes.create_string_buffer(8)
    return LIBC.read(here, buffer, 8), buffer.value


here, there = os.pipe()
write = lambda: os.write(there, b"x")
told("time.sleep", lambda: time.sleep(WHILE))
told("select, timeout", lambda: select.select([here], [], [], WHILE))
told("select", lambda: len(select.select([here], [], [])[0]), write)
os.read(here, 1)
poll = select.poll()
poll.register(here, select.POLLIN)
told("poll, timeout", lambda: poll.poll(WHILE * 1000))
told("poll", lambda: len(poll.poll()), write)
os.read(here, 1)
with select.epoll() as epoll:
    epoll.register(here, select.EPOLLIN)
    told("epoll, timeout", lambda: epoll.poll(WHILE))
    told("epoll", lambda: len(epoll.poll()), write)
os.read(here, 1)
told("os.read", lambda: os.read(here, 1), write)
told("read of C", c_read, write)
with socket.socket() as server, socket.socket() as client:
    server.bind(("127.0.0.1", 0))
    server.listen()
    address = server.getsockname()
    connections = []
    told("accept", lambda: connections.append(server.accept()[0]), lambda: client.connect(address))
    told("recv", lambda: connections[0].recv(9), lambda: client.send(b"x"))
    connections[0].settimeout(WHILE)

    def until_timeout():
        try:
            connections[0].recv(9)
        except socket.timeout:
            return "timeout"

    told("recv, timeout", until_timeout)
    connections[0].close()
with tempfile.NamedTemporaryFile() as one, open(one.name) as other:
    fcntl.flock(one, fcntl.LOCK_EX)
    told("flock", lambda: fcntl.flock(other, fcntl.LOCK_EX), lambda: fcntl.flock(one, fcntl.LOCK_UN))
child = os.posix_spawnp("sleep", ["sleep", str(WHILE + 0.1)], {"PATH": os.environ["PATH"]})
told("waitpid", lambda: os.waitpid(child, 0)[1])
lock = threading.Lock()
lock.acquire()
told("lock", lambda: lock.acquire(), lock.release)
told("lock, timeout", lambda: lock.acquire(timeout=WHILE))
told("Event.wait", lambda: threading.Event().wait(WHILE))
