"""The driver's side of a watched program: start it, have it dumped, read how long it was held up."""

import ctypes
import mmap
import os
import select
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from target import PAIR, RING

HERE = Path(__file__).parent
CLOSING = b"-" * 80 + b"\n\n"
DEADLINE = 120.0
PEERS = {
    "py-spy": ("dump", "--locals", "--pid"),
    "pystack": ("remote", "--locals"),
}

IN_MODIFY, IN_CREATE = 0x002, 0x100
libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Setup:
    """What every section works with."""

    python: str
    library: str
    peers: dict  # name -> path of the program
    scratch: Path
    quick: bool

    def environment(self, **tripod):
        """For a program: without Tripod, or with it and these variables (TRIPOD_LOG for LOG)."""
        environment = dict(os.environ)
        if tripod:
            environment["LD_PRELOAD"] = self.library
            environment.update({f"TRIPOD_{name}": str(value) for name, value in tripod.items()})
        return environment


@dataclass(frozen=True)
class Dump:
    """One dump: its times in nanoseconds, and its text where that was asked for."""

    wall: int
    pause: int
    text: bytes = b""


class PauseRecord:
    """What a busy target tells of itself; see target.py."""

    def __init__(self, path):
        with open(path, "wb") as file:
            file.truncate(PAIR.size * (1 + RING))
        with open(path, "rb") as file:
            self.map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)

    def longest(self, begin, end):
        """The longest pause that touches the time from `begin` to `end`; 0 where none was above the threshold."""
        give_up = time.monotonic() + DEADLINE
        while PAIR.unpack_from(self.map)[0] <= end:  # It may still be held up.
            if time.monotonic() > give_up:
                raise TimeoutError("the target does not run on")
            time.sleep(0.002)
        count = PAIR.unpack_from(self.map)[1]
        pauses = (PAIR.unpack_from(self.map, PAIR.size * (1 + index % RING)) for index in range(max(0, count - RING), count))
        return max((upto - since for since, upto in pauses if upto > begin and since < end), default=0)


class LogWatch:
    """Tells when a dump is complete, without polling."""

    def __init__(self, path):
        self.path = path
        self.descriptor = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if libc.inotify_add_watch(self.descriptor, os.fsencode(path.parent), IN_MODIFY | IN_CREATE) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self.seen = self.state()

    def close(self):
        os.close(self.descriptor)

    def state(self):
        try:
            about = os.stat(self.path)
        except FileNotFoundError:
            return None
        return about.st_ino, about.st_size

    def wait(self):
        """Waits for the next dump's closing line; returns when that was, by the monotonic clock."""
        give_up = time.monotonic() + DEADLINE
        while select.select([self.descriptor], [], [], max(0, give_up - time.monotonic()))[0]:
            now = time.perf_counter_ns()
            os.read(self.descriptor, 1 << 16)
            state = self.state()
            if state not in (None, self.seen) and self.tail() == CLOSING:
                self.seen = state
                return now
        raise TimeoutError(f"no complete dump in {self.path}")

    def tail(self):
        with open(self.path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - len(CLOSING)))
            return file.read()


class Target:
    """A running target.py."""

    def __init__(self, setup, threads, *options, **tripod):
        self.setup = setup
        record = setup.scratch / "pauses"
        self.record = PauseRecord(record)
        logs = setup.scratch / "logs"
        logs.mkdir(exist_ok=True)
        self.log = logs / "log"
        for old in logs.iterdir():
            old.unlink()
        environment = setup.environment(LOG=self.log, **tripod) if tripod else setup.environment()
        command = [setup.python, "-I", str(HERE / "target.py"), str(record), str(threads), *options]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        self.watch = LogWatch(self.log)
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the target did not start")
        if "--idle" not in options:
            self.record.longest(0, time.perf_counter_ns())

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.watch.close()

    def trigger(self):
        """Has Tripod dump it; returns the times of trigger and completion."""
        begin = time.perf_counter_ns()
        os.kill(self.pid, signal.SIGUSR2)
        return begin, self.watch.wait()

    def dump(self):
        """Has Tripod dump it."""
        size = self.log.stat().st_size if self.log.exists() else 0
        begin, end = self.trigger()
        with open(self.log, "rb") as file:
            file.seek(size)
            return Dump(end - begin, self.record.longest(begin, end), file.read())

    def dump_by(self, peer):
        """Has a peer dump it."""
        output = self.setup.scratch / "output"
        with open(output, "wb") as file:
            begin = time.perf_counter_ns()
            command = [self.setup.peers[peer], *PEERS[peer], str(self.pid)]
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=True)
            end = time.perf_counter_ns()
        return Dump(end - begin, self.record.longest(begin, end), output.read_bytes())

    def quiet(self, length):
        """The longest pause in `length` nanoseconds in which nobody looks at it."""
        begin = time.perf_counter_ns()
        time.sleep(length / 1e9)
        return Dump(length, self.record.longest(begin, begin + length))


@contextmanager
def target(*arguments, **tripod):
    """A target for the length of a `with`."""
    running = Target(*arguments, **tripod)
    try:
        yield running
    finally:
        running.close()
