"""gunicorn: its workers, a reload by HUP, an end by TERM, and its own use of USR2, which starts a second master."""

import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor

PACKAGES = ["gunicorn", "gevent"]

APP = '''
import os, subprocess, time

VERSION = "first"

def handle_slow():
    seconds = 0.3
    time.sleep(seconds)
    return "slept"

def application(environ, start_response):
    path = environ["PATH_INFO"]
    status = "200 OK"
    if path == "/pid":
        body = str(os.getpid())
    elif path == "/master":
        body = str(os.getppid())
    elif path == "/version":
        body = VERSION
    elif path == "/slow":
        body = handle_slow()
    elif path == "/child":
        body = subprocess.run(["echo", "from a child"], capture_output=True, text=True).stdout
    elif path == "/error":
        raise ValueError("on purpose")
    elif path == "/echo":
        body = environ["wsgi.input"].read().decode()
    else:
        status, body = ("200 OK", "ready") if path == "/ready" else ("404 Not Found", path)
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body.encode()]
'''

PATHS = ["/version", "/slow", "/child", "/error", "/nowhere"] * 20

ON_DEMAND = signal.SIGRTMIN + 3


def master(run, kind, workers=2):
    """A running gunicorn with `workers` workers, and its address."""
    run.write("app.py", APP)
    socket = run.work / "socket"
    options = ["--worker-class", kind, "--workers", workers, "--bind", f"unix:{socket}", "--no-control-socket"]
    if kind == "gthread":
        options += ["--threads", 4]
    program = run.start("gunicorn", *options, "--pid", run.work / "pid", "app", TRIPOD_SIGNAL="RTMIN+3")
    run.serving(socket)
    return program, socket


def workers(run, socket, count=2):
    """The pids of the workers, by asking until each has answered."""
    found = set()

    def all_answered():
        with ThreadPoolExecutor(8) as pool:
            found.update(int(run.ask(socket, "/pid")[1]) for _ in pool.map(lambda _: run.ask(socket, "/slow"), range(8)))
        return len(found) >= count

    run.wait_until("every worker answers", all_answered)
    return sorted(found)


def requests(run, socket, program, kind):
    """Many requests; every process dumps meanwhile, by itself and on demand."""
    for answer in run.load(socket, PATHS):
        run.said("answer", answer)
    run.said("echo", run.get(socket, "/echo", "x" * 100_000))
    pids = workers(run, socket)
    for pid in [program.pid, *pids]:
        run.dumping(pid)
        run.dumps_on_demand(pid, ON_DEMAND, "SIGRTMIN+3")
    if kind != "gevent":
        for answer in run.load(socket, ["/slow"] * 20):
            run.said("answer", answer)
        run.shows("in handle_slow\n")


def reload(run, socket, program):
    """HUP: new workers with the new code; no request is lost."""
    old = workers(run, socket)
    run.write("app.py", APP.replace('"first"', '"second"'))
    program.kill(signal.SIGHUP)
    for answer in run.load(socket, ["/slow"] * 40):
        run.said("answer during the reload", answer)
    run.wait_until("the old workers are gone", lambda: not any(os.path.exists(f"/proc/{pid}") for pid in old))
    for answer in run.load(socket, ["/version"] * 20):
        run.said("answer after the reload", answer)
    for pid in workers(run, socket):
        run.dumping(pid)


def server(kind):
    """The case for a class of workers."""

    def case(run):
        program, socket = master(run, kind)
        requests(run, socket, program, kind)
        reload(run, socket, program)
        run.zombies()
        program.kill(signal.SIGTERM)
        program.ends(ordered=False, without=IN_NO_ORDER)
        run.nothing_left()

    return case


# Which worker says what how often is a matter of chance.
IN_NO_ORDER = r"Booting worker|Worker exiting|Error handling request|^Traceback|^  |^ValueError|Control socket"


def usr2(run):
    """USR2 starts a second master with workers of its own; the first is then ended, and the second serves."""
    run.write("app.py", APP)
    socket = run.work / "socket"
    program = run.start("gunicorn", "--workers", 2, "--bind", f"unix:{socket}", "--pid", run.work / "pid", "app")
    run.serving(socket)
    run.dumping(program.pid)
    program.kill(signal.SIGUSR2)
    pid_file = run.work / "pid.2"
    second = int(run.wait_until("a second master", lambda: pid_file.exists() and pid_file.read_text().strip()))

    def served_by_the_second():
        return run.ask(socket, "/master")[1] == str(second)

    run.wait_until("the second master's workers serve", served_by_the_second)
    run.dumping(second)
    program.kill(signal.SIGTERM)
    run.said("exit status of the first master", program.wait())
    for answer in run.load(socket, ["/version", "/slow"] * 20):
        run.said("answer of the second master", answer)
    for pid in workers(run, socket):
        run.dumping(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(second, signal.SIGTERM)
    run.nothing_left()
    program.ends(ordered=False, without=IN_NO_ORDER)


CASES = {
    "gunicorn-sync": server("sync"),
    "gunicorn-gthread": server("gthread"),
    "gunicorn-gevent": server("gevent"),
    "gunicorn-usr2": usr2,
}
