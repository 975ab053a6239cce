"""Takes signals in every way but a handler for SIGUSR2: blocked in all threads, by sigwait, signalfd, a wake-up descriptor."""
import ctypes
import os
import signal
import struct
import threading

import victim

victim.step(still=False)
LIBC = ctypes.CDLL(None, use_errno=True)
ALL = sorted(set(range(1, 65)) - {32, 33, signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT})
STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
me = os.getpid()

signal.pthread_sigmask(signal.SIG_BLOCK, ALL)
masks = []
threads = [threading.Thread(target=lambda: masks.append(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("blocked in every thread:", all(mask == ALL for mask in masks))

# Nobody else takes a signal that all threads of the script block.
lost = 0
for turn in range(50):
    for number in ALL:
        os.kill(me, number)
    pending = signal.sigpending()
    lost += len(set(ALL) - set(pending))
    for number in ALL:
        if number not in pending:
            continue
        assert signal.sigwait([number]) == number
print("lost:", lost)

# A thread that waits for every signal there is.
taken = []
waiter = threading.Thread(target=lambda: [taken.append(int(signal.sigwait(ALL))) for _ in ALL])
waiter.start()
for number in ALL:
    os.kill(me, number)
waiter.join()
print("sigwait:", sorted(taken) == ALL)

info = None
os.kill(me, signal.SIGUSR2)
info = signal.sigtimedwait([signal.SIGUSR2], 60)
print("sigtimedwait:", info.si_signo == signal.SIGUSR2, info.si_pid == me)

mask = (ctypes.c_ulong * 16)()
LIBC.sigemptyset(mask)
LIBC.sigaddset(mask, int(signal.SIGUSR2))
number = LIBC.signalfd(-1, mask, 0)
counts = 0
for _ in range(200):
    os.kill(me, signal.SIGUSR2)
    counts += struct.unpack_from("I", os.read(number, 128))[0] == signal.SIGUSR2
os.close(number)
print("signalfd:", number, counts)

here, there = os.pipe()
os.set_blocking(there, False)
signal.set_wakeup_fd(there)
names = []
for number in (signal.SIGUSR1, signal.SIGTRAP, signal.SIGABRT, signal.SIGSYS, signal.SIGRTMIN + 3):
    signal.signal(number, lambda number, frame: names.append((int(number), threading.current_thread().name)))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    for _ in range(20):
        os.kill(me, number)
        # The byte is there when the call returns, as this thread alone takes the signal.
        assert os.read(here, 100) == bytes([number]), number
    signal.pthread_sigmask(signal.SIG_BLOCK, [number])
signal.set_wakeup_fd(-1)
print("handlers:", len(names), sorted(set(names)))
