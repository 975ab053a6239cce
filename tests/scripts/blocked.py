"""Threads that wait for what threads wait for."""
import queue
import socket
import subprocess
import threading
import time

import victim


def take(jobs):
    job = jobs.get()  # TAKE
    return job


def lock_twice(lock, name="guard"):
    lock.acquire()  # LOCK
    lock.release()


def receive(sock):
    data = b""
    data += sock.recv(4096)  # RECEIVE


def doze(seconds, *, why):
    time.sleep(seconds)  # DOZE


def talk(command):
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    children.append(child)
    output, _ = child.communicate()  # TALK


class Worker(threading.Thread):
    def __init__(self, name):
        super().__init__(name=name)
        self.wanted = threading.Event()

    def run(self):
        self.work({"retries": 3})

    def work(self, options):
        self.wanted.wait()  # WANTED


jobs = queue.Queue()
lock = threading.Lock()
lock.acquire()
near, far = socket.socketpair()
children = []
worker = Worker("the worker")
threads = [
    threading.Thread(target=take, args=(jobs,), name="taker"),
    threading.Thread(target=lock_twice, args=(lock,), name="locker"),
    threading.Thread(target=receive, args=(near,), name="receiver"),
    threading.Thread(target=doze, args=(100_000,), kwargs={"why": "tired"}, name="dozer", daemon=True),
    threading.Thread(target=talk, args=(["sleep", "100000"],), name="communicator"),
    worker,
]
for thread in threads:
    thread.start()
while not children:
    time.sleep(0.001)
victim.step()
jobs.put("done")
lock.release()
far.send(b"done")
children[0].kill()
worker.wanted.set()
for thread in threads:
    if not thread.daemon:
        thread.join()
print("blocked: done", children[0].returncode)
