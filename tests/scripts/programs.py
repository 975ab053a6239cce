"""Starts other programs: Pythons, which have dumps of their own, and what is none, which SIGUSR2 ends or not as it ever did."""
import os
import signal
import subprocess
import sys
import time

import victim

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program.py")


def pythons():
    for options in [{}, {"close_fds": False}, {"preexec_fn": os.getpid}, {"start_new_session": True}, {"restore_signals": False},
                    {"cwd": "/"}]:
        victim.dump()
        child = subprocess.Popen([sys.executable, CHILD, "said"], stdout=subprocess.PIPE, **options)
        victim.dump()
        print(child.communicate()[0], child.returncode)
    victim.tick()


def spawned():
    for program in ([sys.executable, CHILD, "spawned"], ["sh", "-c", "exit 7"]):
        path = program[0] if os.path.isabs(program[0]) else "/bin/sh"
        pid = os.posix_spawn(path, program, os.environ)
        victim.dump()
        print(os.waitpid(pid, 0)[1] >> 8, flush=True)
    victim.tick()


def shells():
    print(os.system("exit 3") >> 8, subprocess.check_output("echo text | cat; exit 0", shell=True))
    with os.popen("echo $((6 * 7))") as answer:
        print(answer.read())
    victim.dump()
    script = '"%s" "%s" shell; echo $?' % (sys.executable, CHILD)
    print(subprocess.check_output(["sh", "-c", script]))
    victim.dump()


def standing(command, **options):
    """A child that stands, past its start: it has said so on its standard output."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    child.stdout.readline()
    return child


def ignore():
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)


def block():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])


def others():
    """What SIGUSR2 does to programs that are no Python, and what they have inherited."""
    for options in [{}, {"preexec_fn": ignore}, {"preexec_fn": block}, {"restore_signals": False}, {"close_fds": False}]:
        for command in [
            ["sh", "-c", "echo; read line; exit 3"],
            ["sh", "-c", "trap 'echo caught' USR2; echo; read line; read line; exit 4"],
            ["sh", "-c", "echo; exec cat"],
        ]:
            child = standing(command, **options)
            os.kill(child.pid, signal.SIGUSR2)
            print(command[0], child.communicate(b"line\nline\n")[0], child.wait())
        about = ["sed", "-nE", "/^(Threads|Sig(Blk|Ign|Cgt)|ShdPnd):/p", "/proc/self/status"]
        for line in subprocess.check_output(about, **options).decode().splitlines():
            name, value = line.split(":")
            # 32 and 33 are the C library's own: with its first thread a process takes them, whoever ignored them before.
            print(name, "%x" % (int(value, 16) & ~(3 << 31)))
        print(subprocess.check_output(["ls", "/proc/self/fd"], **options).decode())
    # The parent has not seen anything of it.
    victim.dump()


def replaced():
    """Becomes another Python, which becomes a shell."""
    victim.dump()
    victim.tick()
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, CHILD, "replaced", "sh", "-c", "kill -0 $$ && echo from the shell; exit 6"])


def replaced_at_once():
    os.execv("/bin/sh", ["sh", "-c", "echo from the shell; kill -USR2 $$"])


def replaced_by_a_child():
    pid = os.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, CHILD, "replaced"])
    victim.dump()
    print(os.waitpid(pid, 0)[1] >> 8)
    victim.tick()


globals()[sys.argv[1]]()
sys.stdout.flush()
