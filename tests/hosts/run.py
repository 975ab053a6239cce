"""One run of a program: its processes, its deadline, what it answered, and the dumps of it.

Every process is a descendant of this one, which is a subreaper: orphans come back to it, and none outlives the run.
"""

import contextlib
import ctypes
import difflib
import hashlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

DEADLINE = 600
"""Seconds that a run may take: far above what any takes, on a crowded machine too."""

NOTHING_LEFT = 10
"""Seconds that processes may take to end after their program did."""

POLL = 0.02

LONGEST = 300
"""Characters of an answer that are shown; of a longer one the rest is compared by its hash."""

LOOPBACK = "127.0.0.1"

PR_SET_CHILD_SUBREAPER = 36

# What differs from run to run by its nature. The first that matches wins.
BY_NATURE = [
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?[+-]\d\d:?\d\d)?", "<time>"),
    (r"\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}", "<time>"),
    (r"0x[0-9a-f]+", "<address>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
    (r"(?<=[\[(])\d{2,7}(?=[\])])|(?<=pid)[: ]+\d+", "<pid>"),
    (r"\b\d+(?:\.\d+)?(?:e-\d+)? ?(?:s|ms|seconds?)\b", "<seconds>"),
]


class Failure(Exception):
    """What should have come did not."""


def become_subreaper():
    """Makes orphans below this process its children."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _stat(pid):
    """(parent, state, start time) of a process, or None."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1]), fields[0].decode(), int(fields[19])


def descendants():
    """The state of each process below this one, by pid."""
    known = {int(name): _stat(name) for name in os.listdir("/proc") if name.isdecimal()}
    below, found = {os.getpid()}, {}
    while True:
        new = {pid: stat[1] for pid, stat in known.items() if stat and stat[0] in below and pid not in found}
        if not new:
            return found
        found.update(new)
        below = set(new)


class Run:
    """A case's view of one run. Everything it reports with `said` is compared."""

    def __init__(self, library, deadline=DEADLINE):
        self.library = library
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="tripod-hosts-"))
        self.logs = self.work / "logs"
        self.answers = []
        self.requests = 0
        self._until = time.monotonic() + deadline
        self._programs = []
        self._logs = {}
        self._counting = threading.Lock()
        self.began = time.monotonic()
        for directory in ("logs", "home", "tmp"):
            (self.work / directory).mkdir()

    # What the case does.

    def write(self, name, text):
        """A file in the working directory."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(self, *command, tripod=True, terminal=None, **environment):
        """Starts a program in the working directory, in a session of its own."""
        program = Program(self, command, tripod and self.library, terminal, environment)
        self._programs.append(program)
        return program

    def said(self, what, answer):
        """Something that must be the same with Tripod."""
        answer = self.normal(str(answer))
        if len(answer) > LONGEST:
            answer = f"{answer[:LONGEST]}… {hashlib.sha256(answer.encode()).hexdigest()}"
        self.answers.append(f"{what}: {answer}")

    def normal(self, text):
        """`text` without what differs by nature."""
        text = text.replace(str(self.work), "<work>")
        for pattern, name in BY_NATURE:
            text = re.sub(pattern, name, text)
        return text

    def wait_until(self, what, condition):
        """Waits until `condition()` is true, and returns it."""
        while not (value := condition()):
            if time.monotonic() > self._until:
                raise Failure(f"{what}: not before the deadline")
            time.sleep(POLL)
        return value

    def left(self):
        """Seconds until the deadline."""
        return max(0.1, self._until - time.monotonic())

    def get(self, address, path, body=None):
        """(status, body) of an HTTP request to a Unix socket (a path) or a port of the loopback."""
        answer = self.ask(address, path, body)
        with self._counting:
            self.requests += 1
        return answer

    def ask(self, address, path, body=None):
        """As `get`, for what is asked an unknown number of times and is not counted."""
        return ask(address, path, body, self.left())

    def serving(self, address):
        """Waits until a server answers."""

        def answers():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.ask(address, "/ready")[0] == 200

        self.wait_until("the server answers", answers)

    def load(self, address, paths, clients=8):
        """The sorted answers to requests that come from several clients at once."""

        def answer(path):
            try:
                return f"{path} {self.get(address, path)}"
            except (OSError, http.client.HTTPException) as error:
                return f"{path} {error!r}"

        with ThreadPoolExecutor(clients) as pool:
            return sorted(pool.map(answer, paths))

    # What Tripod wrote.

    def dumps(self, pid=None):
        """The dumps of a process, or of all, so far, as text."""
        for path in self.logs.iterdir():
            log = self._logs.setdefault(path, Log(int(path.name.split("_")[2])))
            log.read_on(path)
        return [dump for log in self._logs.values() if pid in (None, log.pid) for dump in log.dumps]

    def dumping(self, pid, showing=""):
        """Under Tripod, waits for two more dumps of a process, and for one that shows a text."""
        if not self.library:
            return
        before = len(self.dumps(pid))
        what = f"two more dumps of process {pid} that show {showing!r}"
        self.wait_until(what, lambda: sum(showing in dump for dump in self.dumps(pid)[before:]) >= 2)

    def dumps_on_demand(self, pid, number, name):
        """Under Tripod, sends the signal that asks for a dump and waits for that."""
        if self.library:
            os.kill(pid, number)
            self.wait_until(f"{name} dumps process {pid}", lambda: self._titled(pid, name))

    def shows(self, text):
        """Under Tripod, reports it where no dump so far shows a text."""
        if self.library and not any(text in dump for dump in self.dumps()):
            self.said("dumps", f"none shows {text!r}")

    def _titled(self, pid, name):
        return any(re.search(rf"^Tripod dump \d+ .*\(.*\b{re.escape(name)}\b", dump, re.M) for dump in self.dumps(pid))

    def dumped(self):
        """How many processes dumped."""
        return len({log.pid for log in self._logs.values() if log.dumps})

    def defects(self):
        """What is wrong in the dumps themselves, one line for each kind."""
        kinds = {}
        for dump in self.dumps():
            for bad in set(BAD.findall(dump)):
                kinds[bad] = kinds.get(bad, 0) + 1
        if cut_off := sum(bool(log.rest) for log in self._logs.values()):
            kinds["no end"] = cut_off
        return [f"{count} dumps with {kind!r}" for kind, count in sorted(kinds.items())]

    # The end.

    def nothing_left(self, *services):
        """Reports which processes outlive their program; `services` are those that should."""
        expected = {service.pid for service in services}

        def gone():
            self._reap()
            return not set(descendants()) - expected

        until = time.monotonic() + NOTHING_LEFT
        while not gone() and time.monotonic() < until:
            time.sleep(POLL)
        self.said("processes left behind", len(set(descendants()) - expected))

    def zombies(self):
        """Reports zombies that stay."""

        def none():
            self._reap()
            return "Z" not in descendants().values()

        until = time.monotonic() + NOTHING_LEFT
        while not none() and time.monotonic() < until:
            time.sleep(POLL)
        self.said("zombies", sum(state == "Z" for state in descendants().values()))

    def _reap(self):
        """Waits for orphans; the programs' own status is left to who asks for it."""
        own = {program.pid for program in self._programs}
        for pid, state in descendants().items():
            if state == "Z" and pid not in own:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def close(self, keep=False):
        """Ends every process and removes the working directory."""
        until = time.monotonic() + NOTHING_LEFT
        while (below := descendants()) and time.monotonic() < until:
            for pid in below:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for program in self._programs:
                program.popen.poll()
            self._reap()
            time.sleep(POLL)
        for program in self._programs:
            program.close()
        if not keep:
            shutil.rmtree(self.work, ignore_errors=True)


BAD = re.compile(
    r"Tripod failed|No threads|could not be read|memory not readable|<not read>|There may be more|may have more"
)


class Log:
    """A log that is read as it grows."""

    END = "\n" + "-" * 80 + "\n\n"

    def __init__(self, pid):
        self.pid = pid
        self.dumps = []
        self.rest = ""
        self._offset = 0

    def read_on(self, path):
        """Takes what was written since."""
        with open(path, "rb") as file:
            file.seek(self._offset)
            new = file.read()
        self._offset += len(new)
        *whole, self.rest = (self.rest + new.decode(errors="replace")).split(self.END)
        self.dumps += whole


class Program:
    """A process that a run started; its output goes to files, or to a terminal."""

    def __init__(self, run, command, library, terminal, environment):
        self.run = run
        self.terminal = None
        number = len(run._programs)
        self.stdout = run.work / f"stdout.{number}"
        self.stderr = run.work / f"stderr.{number}"
        variables = {
            "PATH": f"{pathlib.Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(run.work / "home"),
            "TMPDIR": str(run.work / "tmp"),
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(run.work),
        }
        if library:
            variables |= {
                "LD_PRELOAD": str(library),
                "TRIPOD_INTERVAL": "0.05",
                "TRIPOD_LOG": str(run.logs),
            }
        with open(self.stdout, "wb") as stdout, open(self.stderr, "wb") as stderr:
            self.popen = subprocess.Popen(
                [str(part) for part in command],
                cwd=run.work,
                env=variables | environment,
                stdin=terminal if terminal is not None else subprocess.DEVNULL,
                stdout=terminal if terminal is not None else stdout,
                stderr=terminal if terminal is not None else stderr,
                start_new_session=True,
            )

    @property
    def pid(self):
        """The process's id."""
        return self.popen.pid

    def kill(self, number):
        """Sends a signal."""
        self.popen.send_signal(number)

    def wait(self):
        """The exit status; a signal's number is negative."""
        try:
            return self.popen.wait(self.run.left())
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.popen.args[0]} does not end") from None

    def output(self):
        """What it wrote, standard output before standard error."""
        return self.stdout.read_text(errors="replace") + self.stderr.read_text(errors="replace")

    def ends(self, ordered=True, without=None):
        """Waits for the end and reports the exit status and the output: its lines sorted where several processes write
        them, and without those that match `without`."""
        self.run.said("exit status", self.wait())
        lines = self.run.normal(self.output()).splitlines()
        lines = [line for line in lines if not (without and re.search(without, line))]
        for line in lines if ordered else sorted(lines):
            self.run.said("output", line)

    def close(self):
        """After the process is gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(1)


class Connection(http.client.HTTPConnection):
    """HTTP to a Unix socket, or to a port of the loopback."""

    def __init__(self, address, timeout):
        super().__init__(LOOPBACK, address if isinstance(address, int) else None, timeout=timeout)
        self.address = address

    def connect(self):
        if isinstance(self.address, int):
            return super().connect()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.address))


def ask(address, path, body, timeout):
    """(status, body) of one HTTP request."""
    with contextlib.closing(Connection(address, timeout)) as connection:
        connection.request("POST" if body else "GET", path, body, {"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read().decode()


def difference(bare, tripod):
    """The answers that differ, as a diff's lines."""
    lines = difflib.unified_diff(bare, tripod, "bare", "with Tripod", n=1, lineterm="")
    return list(lines)[2:]
