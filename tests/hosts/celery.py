"""celery with a redis of its own: its pools, tasks of several kinds, and a warm shutdown in the middle of one."""

import shutil
import signal

from .run import Failure

PACKAGES = ["celery", "redis", "gevent"]

APP = '''
import os, subprocess, time
from celery import Celery

app = Celery("tasks", broker=os.environ["BROKER"], backend=os.environ["BACKEND"])
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True, result_expires=600,
                broker_transport_options={"visibility_timeout": 600}, worker_proc_alive_timeout=30)

@app.task
def add(a, b):
    return a + b

@app.task
def whoami():
    time.sleep(0.05)
    return os.getpid()

@app.task
def sleep_in_task(seconds):
    nap = seconds
    time.sleep(nap)
    return "slept"

@app.task
def fail(text):
    raise KeyError(text)

@app.task
def child():
    return subprocess.run(["sh", "-c", "echo from a child; exit 3"], capture_output=True, text=True).stdout

@app.task
def total(numbers):
    return sum(numbers)

@app.task(bind=True, max_retries=3)
def third_time(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.1)
    return self.request.retries

@app.task
def last(path):
    open(path, "x").close()
    time.sleep(2)
    return "finished"
'''

CLIENT = '''
import sys
from celery import chain, chord, group
from tasks import *

print("adds", group(add.s(i, i) for i in range(60))().get(timeout=60))
print("sleeps", group(sleep_in_task.s(0.3) for _ in range(8))().get(timeout=60))
print("chain", chain(add.s(1, 2), add.s(3), add.s(4))().get(timeout=60))
print("chord", chord([add.s(i, 1) for i in range(20)], total.s())().get(timeout=60))
print("children", group(child.s() for _ in range(10))().get(timeout=60))
print("retried", third_time.delay().get(timeout=60))
for text in "ab":
    try:
        fail.delay(text).get(timeout=60)
    except Exception as error:
        print("failed", type(error).__name__, error)
'''

PIDS = '''
from celery import group
from tasks import whoami
print(*sorted(set(group(whoami.s() for _ in range(40))().get(timeout=60))))
'''

LAST_SENT = '''
import sys
from tasks import last
print(last.apply_async([sys.argv[1]], task_id="last").id)
'''

LAST_GOT = '''
from tasks import app
print(app.AsyncResult("last").get(timeout=10))
'''


def pool(kind, *options, processes):
    """The case for a pool; `processes` of it run tasks."""

    def case(run):
        if not shutil.which("redis-server"):
            raise Failure("there is no redis-server: apt-get install redis-server")
        socket = run.work / "redis"
        redis = run.start(
            "redis-server", "--port", 0, "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", run.work,
            tripod=False,
        )
        run.wait_until("redis", socket.exists)
        urls = {"BROKER": f"redis+socket://{socket}?virtual_host=0", "BACKEND": f"redis+socket://{socket}?virtual_host=1"}
        run.write("tasks.py", APP)
        run.write("client.py", CLIENT)
        run.write("pids.py", PIDS)
        run.write("last_sent.py", LAST_SENT)
        run.write("last_got.py", LAST_GOT)
        worker = run.start(
            "celery", "-A", "tasks", "worker", "--pool", kind, "--concurrency", processes if processes > 1 else 4,
            "--loglevel", "WARNING", "--without-gossip", "--without-mingle", *options, C_FORCE_ROOT="1", **urls,
        )
        client = run.start("python", "client.py", **urls)
        client.ends()
        run.requests += 60 + 8 + 3 + 21 + 10 + 1 + 2
        asked = run.start("python", "pids.py", tripod=False, **urls)
        run.said("exit status", asked.wait())
        pids = [int(pid) for pid in asked.output().split()]
        if not options:
            run.said("processes that run tasks", len(pids))
            for pid in {worker.pid, *pids}:
                run.dumping(pid)
                run.dumps_on_demand(pid, signal.SIGUSR2, "SIGUSR2")
        if kind != "gevent":
            run.shows("in sleep_in_task\n")
        run.zombies()

        begun = run.work / "begun"
        run.start("python", "last_sent.py", begun, tripod=False, **urls).ends()
        run.wait_until("the last task begins", begun.exists)
        worker.kill(signal.SIGTERM)
        worker.ends(ordered=False, without="Task .* raised|^Traceback|^  |KeyError")
        run.start("python", "last_got.py", tripod=False, **urls).ends()
        run.requests += 1
        run.nothing_left(redis)
        redis.kill(signal.SIGTERM)
        run.said("redis", redis.wait())

    return case


CASES = {
    "celery-prefork": pool("prefork", processes=2),
    "celery-prefork-renewed": pool("prefork", "--max-tasks-per-child", 5, processes=2),
    "celery-threads": pool("threads", processes=1),
    "celery-gevent": pool("gevent", processes=1),
}
