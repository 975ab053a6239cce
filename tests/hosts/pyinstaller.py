"""A PyInstaller one-file program: it runs as it does bare, but is not served (README, Limits)."""

PACKAGES = ["pyinstaller"]

APP = '''
import concurrent.futures, multiprocessing, os, signal, subprocess, sys, threading, time

def main():
    print(sys.argv[1:], getattr(sys, "frozen", False))
    print(subprocess.run(["sh", "-c", "echo from a child; exit 3"], capture_output=True, text=True).stdout.strip())
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        print(list(pool.map(lambda i: time.sleep(0.2) or i, range(6))))
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        print(list(pool.map(pow, range(5), [2] * 5)))
    print(signal.getsignal(signal.SIGUSR2))
    sys.exit(5)

if __name__ == "__main__":
    main()
'''


def one_file(run):
    """Builds it bare, runs it."""
    build = run.start(
        "pyinstaller", "--onefile", "--log-level", "ERROR", "--name", "program", run.write("app.py", APP), tripod=False
    )
    run.said("build", build.wait())
    run.start(run.work / "dist" / "program", "--option", "value").ends()
    run.requests += 1
    run.nothing_left()
    run.said("served", bool(run.dumps()))


CASES = {"pyinstaller-onefile": one_file}
