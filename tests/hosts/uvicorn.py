"""uvicorn on uvloop, with two workers; the application has a signal handler of its own on the loop."""

import os
import signal

PACKAGES = ["uvicorn[standard]"]

APP = '''
import asyncio, contextlib, os, signal, threading, time

signals = 0

async def handle_slow():
    seconds = 0.3
    await asyncio.sleep(seconds)
    return "slept"

def in_a_thread(seconds):
    time.sleep(seconds)
    return threading.current_thread().name.rpartition("_")[0]

async def answer(path):
    if path == "/about":
        return f"{os.getpid()} {os.getppid()} {type(asyncio.get_running_loop()).__module__}"
    if path == "/signals":
        return str(signals)
    if path == "/slow":
        return await handle_slow()
    if path == "/thread":
        return await asyncio.to_thread(in_a_thread, 0.2)
    if path == "/child":
        child = await asyncio.create_subprocess_exec("sh", "-c", "echo from a child; exit 3", stdout=asyncio.subprocess.PIPE)
        out, _ = await child.communicate()
        return f"{out.decode().strip()} {child.returncode}"
    if path == "/error":
        raise ValueError("on purpose")
    return "ready"

def count():
    global signals
    signals += 1

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, count)
                await send({"type": "lifespan.startup.complete"})
            else:
                print("the application ends")
                await send({"type": "lifespan.shutdown.complete"})
                return
    body = (await answer(scope["path"])).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
'''


def workers(run, socket):
    """The pids of both workers, by asking until both have answered."""
    found = {}

    def both_answered():
        pid, parent, loop = run.ask(socket, "/about")[1].split()
        found[int(pid)] = parent, loop
        return len(found) == 2

    run.wait_until("both workers answer", both_answered)
    return found


def two_workers(run):
    """Requests, signals, and an end by TERM."""
    run.write("app.py", APP)
    socket = run.work / "socket"
    program = run.start("uvicorn", "--uds", socket, "--workers", 2, "--loop", "uvloop", "--http", "httptools", "app:app")
    run.serving(socket)
    for answer in run.load(socket, ["/slow", "/thread", "/child", "/error", "/nowhere"] * 20):
        run.said("answer", answer)
    found = workers(run, socket)
    for pid, (parent, loop) in found.items():
        run.said("worker", f"{'of the program' if int(parent) == program.pid else parent} on {loop}")
        run.dumping(pid)
        run.dumps_on_demand(pid, signal.SIGUSR2, "SIGUSR2")
        os.kill(pid, signal.SIGUSR1)
    run.dumping(program.pid)

    def counted():
        pid = int(run.ask(socket, "/about")[1].split()[0])
        return run.ask(socket, "/signals")[1] == "1" and counts.add(pid) is None and len(counts) == 2

    counts = set()
    run.wait_until("both workers count the signal", counted)
    run.shows("in in_a_thread\n")
    run.zombies()
    program.kill(signal.SIGTERM)
    program.ends(ordered=False, without=r"^INFO: .*\b(GET|process|\[\d+\])|^ERROR|^Traceback|^  |^ValueError")
    run.nothing_left()


CASES = {"uvicorn-uvloop": two_workers}
