"""A payment service that hangs: two tellers lock the same two accounts in opposite order, while a third waits for work.

Run it under Tripod (`scripts/demo` does) and look for who waits for which lock in which line.
"""

import queue
import socket
import threading


class Account:
    def __init__(self, owner, balance):
        self.owner = owner
        self.balance = balance
        self.lock = threading.RLock()


def transfer(source, target, amount, meet):
    with source.lock:
        meet.wait()  # Both tellers hold their first lock now, as bad luck would have it in production.
        with target.lock:
            source.balance -= amount
            target.balance += amount


def audit(jobs, journal):
    while True:
        account = jobs.get()
        journal.append((account.owner, account.balance))


def main():
    alice, bob = Account("alice", 120), Account("bob", 80)
    meet = threading.Barrier(2)
    jobs, journal = queue.Queue(maxsize=100), []
    jobs.put(alice)
    threading.Thread(target=audit, args=(jobs, journal), name="auditor", daemon=True).start()
    tellers = [
        threading.Thread(target=transfer, args=(alice, bob, 10, meet), name="teller-1"),
        threading.Thread(target=transfer, args=(bob, alice, 25, meet), name="teller-2"),
    ]
    for teller in tellers:
        teller.start()
    server = socket.create_server(("127.0.0.1", 0))
    print("ready", flush=True)
    connection, peer = server.accept()
    print("served", peer, connection, flush=True)


if __name__ == "__main__":
    main()
