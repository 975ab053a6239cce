"""An IPython session at a terminal: typed line by line, with a Ctrl-C in the middle of a sleep."""

import contextlib
import os
import re
import signal
import termios

PACKAGES = ["ipython"]

LINES = [
    "import time, threading, subprocess, sys, os",
    "sum(range(1000))",
    "_ + 1",
    "time.sleep(0.5)",
    "!echo from the shell",
    "files = !ls /proc/self/fd; len(files)",
    "%run script.py",
    "1 / 0",
    "time.sleep(600)",
    "threads = [threading.Thread(target=time.sleep, args=(0.5,), daemon=True) for _ in range(3)]",
    "[thread.start() for thread in threads], threading.active_count()",
    "[thread.join() for thread in threads]",
    "await __import__('asyncio').sleep(0.3, 'awaited')",
    "subprocess.run([sys.executable, '-c', 'import time; time.sleep(.2); print(1)']).returncode",
    "(os.fork() or time.sleep(.2) or os._exit(7)) and os.waitstatus_to_exitcode(os.wait()[1])",
    "%whos",
]

INTERRUPTED = "time.sleep(600)"


def session(run):
    """Types each line when the prompt of its number has come."""
    run.write("script.py", "import time\nfor i in range(3):\n    time.sleep(0.1)\n    print('turn', i)\n")
    ours, theirs = os.openpty()
    settings = termios.tcgetattr(theirs)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    os.set_blocking(ours, False)
    screen = b""

    def read():
        nonlocal screen
        with contextlib.suppress(BlockingIOError, OSError):
            screen += os.read(ours, 65536)
        return screen

    program = run.start("ipython", "--simple-prompt", "--no-banner", "--colors", "NoColor", "--no-tip", terminal=theirs)
    os.close(theirs)
    for number, line in enumerate(LINES, 1):
        prompt = f"In [{number}]: ".encode()
        run.wait_until(f"prompt {number}", lambda: prompt in read())
        os.write(ours, line.encode() + b"\n")
        if line == INTERRUPTED:
            run.wait_until("the sleep", lambda: sleeping(program.pid))
            run.dumping(program.pid, "time.sleep(600)")
            os.kill(program.pid, signal.SIGINT)
    run.wait_until("the last prompt", lambda: f"In [{len(LINES) + 1}]: ".encode() in read())
    run.dumping(program.pid)
    run.dumps_on_demand(program.pid, signal.SIGUSR2, "SIGUSR2")
    os.write(ours, b"exit\n")
    run.said("exit status", program.wait())
    read()
    os.close(ours)
    for line in re.sub(r"\x1b\[[0-9;?]*[a-z]", "", screen.decode(), flags=re.I).splitlines():
        run.said("screen", line)
    run.requests += len(LINES)
    run.nothing_left()


def sleeping(pid):
    """Whether the main thread is in `clock_nanosleep`."""
    with open(f"/proc/{pid}/wchan") as file:
        return "nanosleep" in file.read()


CASES = {"ipython": session}
