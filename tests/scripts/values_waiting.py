"""What people look for in a hang: locks, threads, queues, sockets, files."""

import concurrent.futures
import io
import os
import queue
import socket
import sys
import tempfile
import threading

from values_probe import check, done, like, read, same

HEX = "0x[0-9a-f]+"
ME = threading.get_ident()

lock = threading.Lock()
same(lock)
with lock:
    same(lock)
same(lock)
recursive = threading.RLock()
same(recursive)
with recursive, recursive, recursive:
    same(recursive)
    like(recursive, "<locked _thread.RLock object owner=%d count=3 at ADDRESS>" % ME)
same(recursive)

event = threading.Event()
like(event, "<threading.Event at ADDRESS: unset>")
event.set()
like(event, "<threading.Event at ADDRESS: set>")

release = threading.Event()
started = threading.Barrier(3)


def work():
    started.wait()
    release.wait()


threads = [threading.Thread(target=work, name="worker-%d" % n, daemon=bool(n)) for n in range(2)]


class MyThread(threading.Thread):
    pass


mine = MyThread(name="it's")
like(threads[0], r"<Thread\(worker-0, initial\)>")
same(mine)
same(threading.current_thread())
for thread in threads:
    thread.start()
started.wait()
for thread in threads:
    like(thread, r"<Thread\(%s, started%s %d\)>" % (thread.name, " daemon" if thread.daemon else "", thread.ident))
    same(thread)
release.set()
for thread in threads:
    thread.join()
    like(thread, r"<Thread\(%s, stopped%s %d\)>" % (thread.name, " daemon" if thread.daemon else "", thread.ident))

condition = threading.Condition()
same(condition)
entered = threading.Semaphore(0)


def wait():
    with condition:
        entered.release()
        condition.wait()


waiters = [threading.Thread(target=wait) for _ in range(2)]
for waiter in waiters:
    waiter.start()
for waiter in waiters:
    entered.acquire()
with condition:
    # Whoever is in `wait` has given the lock up, so that both are.
    same(condition)
    like(condition, r"<Condition\(<locked _thread.RLock object owner=%d count=1 at %s>, 2\)>" % (ME, HEX))
    condition.notify_all()
for waiter in waiters:
    waiter.join()

semaphore = threading.Semaphore(3)
like(semaphore, "<threading.Semaphore at ADDRESS: value=3>")
semaphore.acquire()
like(semaphore, "<threading.Semaphore at ADDRESS: value=2>")
bounded = threading.BoundedSemaphore(2)
bounded.acquire()
like(bounded, "<threading.BoundedSemaphore at ADDRESS: value=1/2>")
barrier = threading.Barrier(3)
like(barrier, "<threading.Barrier at ADDRESS: waiters=0/3>")
barrier.abort()
like(barrier, "<threading.Barrier at ADDRESS: broken>")

for make in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
    jobs = make(5)
    jobs.put(1)
    jobs.put(2)
    jobs.get()
    like(jobs, "<queue.%s object at ADDRESS maxsize=5 size=1 unfinished=2>" % make.__name__)
simple = queue.SimpleQueue()
like(simple, "<_queue.SimpleQueue object at ADDRESS size=0>")
for number in range(1000):
    simple.put(number)
for number in range(600):
    simple.get()
like(simple, "<_queue.SimpleQueue object at ADDRESS size=400>")

future = concurrent.futures.Future()
same(future)
future.set_running_or_notify_cancel()
same(future)
future.set_result(5)
same(future)
failed = concurrent.futures.Future()
failed.set_exception(ValueError("x"))
same(failed)

# A class that only calls itself so.
Fake = type("Thread", (), {"__module__": "threading"})
Fake.__qualname__ = "Thread"
fake = Fake()
like(fake, "<threading.Thread object at ADDRESS>")
fake._name, fake._started = 5, "x"
like(fake, "<threading.Thread object at ADDRESS _name=5, _started='x'>")
for module, name, attributes in [
    ("threading", "Condition", dict(_lock=1, _waiters=2)), ("threading", "Semaphore", dict(_value="x")),
    ("threading", "Barrier", dict(_state=None)), ("queue", "Queue", dict(queue=5)),
    ("concurrent.futures._base", "Future", dict(_state=5)), ("threading", "Thread", dict(_handle=3)),
]:
    fake = type(name, (), {"__module__": module})()
    fake.__dict__.update(attributes)
    found = read(fake)
    check(found.startswith("<%s.%s object at %s " % (module, name, hex(id(fake)))), found)

# Sockets.
server = socket.socket()
like(server, "<socket.socket fd=%d>" % server.fileno())
server.bind(("127.0.0.1", 0))
server.listen()
port = server.getsockname()[1]
like(server, "<socket.socket fd=%d 127.0.0.1:%d>" % (server.fileno(), port))
client = socket.create_connection(("127.0.0.1", port))
own = client.getsockname()[1]
like(client, "<socket.socket fd=%d 127.0.0.1:%d -> 127.0.0.1:%d>" % (client.fileno(), own, port))
client.close()
like(client, "<socket.socket closed>")
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
like(udp, "<socket.socket fd=%d udp>" % udp.fileno())
left, right = socket.socketpair()
like(left, "<socket.socket fd=%d>" % left.fileno())
if socket.has_ipv6:
    try:
        six = socket.socket(socket.AF_INET6)
        six.bind(("::1", 0))
        like(six, r"<socket.socket fd=%d \[::1\]:%d>" % (six.fileno(), six.getsockname()[1]))
    except OSError:
        print("no IPv6 here")
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "s\x1bck\xe9t")
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(path)
    like(unix, "<socket.socket fd=%d unix %s>" % (unix.fileno(), path.replace("\x1b", r"\\x1b")))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0tripod-%d" % os.getpid())
    like(abstract, "<socket.socket fd=%d unix @tripod-%d>" % (abstract.fileno(), os.getpid()))

    # Files.
    name = os.path.join(directory, "it's")
    quoted = repr(name)
    for mode, layer in [("w", "BufferedWriter"), ("r", "BufferedReader"), ("a", "BufferedWriter"), ("r+", "BufferedRandom"),
                        ("w+", "BufferedRandom"), ("a+", "BufferedRandom")]:
        with open(name, mode, encoding="utf-8") as file:
            fd = file.fileno()
            found = read(file)
            check(found == "<_io.TextIOWrapper name=%s mode='%s' encoding='utf-8' fd=%d>" % (quoted, mode, fd), found)
            found = read(file.buffer)
            check(found == "<_io.%s name=%s fd=%d>" % (layer, quoted, fd), found)
            found = read(file.buffer.raw)
            check(found == "<_io.FileIO name=%s mode='%s' fd=%d>" % (quoted, file.buffer.raw.mode, fd), found)
        found = read(file)
        check(found == "<_io.TextIOWrapper name=%s mode='%s' encoding='utf-8' closed>" % (quoted, mode), found)
    with open(name, "rb", buffering=0) as raw:
        found = read(raw, checked=True)
        check(found == "<_io.FileIO name=%s mode='rb' fd=%d>" % (quoted, raw.fileno()), found)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        found = read(pipe)
        check(found == "<_io.BufferedReader name=%d fd=%d>" % (reading, reading), found)
    detached = open(name, "w", encoding="ascii")
    below = detached.detach()
    check(read(detached).startswith("<_io.TextIOWrapper"), read(detached))
check(read(sys.stdout).startswith("<_io.TextIOWrapper name='<stdout>' mode='w' encoding="), read(sys.stdout))
check(read(sys.stdout).endswith(" fd=1>"), read(sys.stdout))
for make, text in ((io.StringIO, "h\xe9llo"), (io.BytesIO, b"hello")):
    memory = make(text)
    memory.read(2)
    like(memory, "<_io.%s object at ADDRESS pos=2 size=5>" % make.__name__)
    memory.seek(0, 2)
    memory.write(text)
    like(memory, "<_io.%s object at ADDRESS pos=10 size=10>" % make.__name__)
    memory.close()
    like(memory, "<_io.%s object at ADDRESS closed>" % make.__name__)
memory = io.StringIO()
memory.write("abc")
like(memory, "<_io.StringIO object at ADDRESS pos=3 size=3>")
done()
