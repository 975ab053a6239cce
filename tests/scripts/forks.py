"""Forks in the way that is asked for. Each process that comes of it has Tripod's dumps, and ends with a status that its parent
prints."""
import os
import sys
import threading
import time
import warnings

import victim



def live(name):
    """What every process does: it is dumped on demand, then by the interval, then on demand again."""
    victim.say("process", os.getpid(), name)
    for _ in range(2):
        victim.dump()
        victim.tick()
    return name


def fork(child):
    """Runs `child` in a child of its own. Returns its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        sys.stdout.flush()
        os._exit(7)
    return pid


def reap(pid):
    print("a child ended with", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if sys.version_info >= (3, 9)
          else os.waitpid(pid, 0)[1] >> 8, flush=True)


def plain():
    live("parent")
    pid = fork(lambda: live("child"))
    live("parent")
    reap(pid)
    live("parent")


def at_once():
    """Before anything else was done, and both go on at the same time."""
    pid = fork(lambda: live("child"))
    reap(pid)
    live("parent")


def without_dumps():
    for _ in range(20):
        reap(fork(lambda: None))


def falls_off():
    """The child ends as a program ends, by the interpreter's own finalisation."""
    pid = os.fork()
    if pid == 0:
        live("child")
        print("the child's end", flush=True)
        sys.exit(8)
    reap(pid)
    live("parent")


def pty():
    pid, terminal = os.forkpty()
    if pid == 0:
        live("child")
        os.write(1, b"through the terminal\n")
        os._exit(7)
    text = b""
    while not text.endswith(b"\n"):
        text += os.read(terminal, 100)
    print(text)
    reap(pid)
    os.close(terminal)
    live("parent")


def generations():
    """A fork of a fork of a fork, each dumped while its child is."""
    def generation(number):
        live("generation %d" % number)
        if number < 4:
            pid = fork(lambda: generation(number + 1))
            live("generation %d" % number)
            reap(pid)
        live("generation %d" % number)

    generation(1)


def daemon():
    """A daemon as daemons are made: two forks, a session of its own."""
    reading, writing = os.pipe()

    def first():
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            os.umask(0)
            live("daemon")
            os.write(writing, b"the daemon is up")
            os._exit(0)

    reap(fork(first))
    os.close(writing)
    print(os.read(reading, 100))
    live("parent")


def in_a_thread():
    # A fork beside another thread is what this is about. The warning has the process's number in it.
    warnings.simplefilter("ignore", DeprecationWarning)
    pids = []

    def work():
        pids.append(fork(lambda: live("child of a thread")))
        pids.append(fork(lambda: live("child of a thread")))

    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    for pid in pids:
        reap(pid)
    live("parent")


def beside_threads():
    """The main thread forks while others run."""
    warnings.simplefilter("ignore", DeprecationWarning)
    stop = threading.Event()

    def spin():
        while not stop.is_set():
            sum(range(100))

    threads = [threading.Thread(target=target) for target in (spin, stop.wait, spin)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        pid = fork(lambda: live("child"))
        live("parent")
        reap(pid)
    stop.set()
    for thread in threads:
        thread.join()


def during_a_dump():
    """Asks for a dump that takes long and forks at every moment of it."""
    import signal

    def descend(level, table):
        if level:
            return descend(level - 1, {str(number): [number] * 5 for number in range(20)})
        for round_ in range(40):
            if victim.tripod():
                os.kill(os.getpid(), signal.SIGUSR2)
            end = time.monotonic() + round_ / 2000
            while time.monotonic() < end:
                pass
            status = os.waitpid(fork(lambda: live("child") if round_ % 10 == 0 else None), 0)[1]
            assert status == 7 << 8, status
        return 0

    print(descend(150, {}))


def before_and_after():
    """The program's own handlers at a fork run in their order, once each."""
    calls = []
    os.register_at_fork(before=lambda: calls.append("before"), after_in_parent=lambda: calls.append("parent"),
                        after_in_child=lambda: calls.append("child"))
    reap(fork(lambda: print(calls, live("child"))))
    print(calls, live("parent"))


globals()[sys.argv[1]]()
try:
    os.waitpid(-1, os.WNOHANG)
    print("a child is left")
except ChildProcessError:
    print("no child is left")
