"""pytest, alone and with xdist, on tests of what Tripod could spoil: output, warnings, forks, threads, signals."""

PACKAGES = ["pytest", "pytest-xdist"]

TESTS = '''
import asyncio, concurrent.futures, gc, multiprocessing, os, signal, subprocess, sys, threading, time, warnings, weakref
import pytest

@pytest.mark.parametrize("number", range(30))
def test_many(number):
    time.sleep(0.02)
    assert number * 2 == number + number

def test_fails():
    values = {"a": [1, 2, 3]}
    time.sleep(0.3)
    assert values == {"a": [1, 2]}

def test_raises():
    raise KeyError("on purpose")

@pytest.mark.xfail(strict=True)
def test_expected():
    assert False

@pytest.mark.skip(reason="on purpose")
def test_skipped():
    pass

def test_standard_error_stays_empty(capfd):
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3); print('out')"], check=True)
    assert capfd.readouterr() == ("out\\n", "")

@pytest.mark.parametrize("turn", range(5))
def test_fork(turn):
    with warnings.catch_warnings():
        if threading.active_count() > 1:
            warnings.simplefilter("ignore")
        pid = os.fork()
    if pid == 0:
        time.sleep(0.12)
        os._exit(turn)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == turn

@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore")
def test_process_pool(method):
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(pow, range(20), [2] * 20)) == [i * i for i in range(20)]

def test_threads():
    before = threading.active_count()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda i: time.sleep(0.1) or i, range(16))) == list(range(16))
    assert threading.active_count() == before

def test_threads_of_the_process():
    before = sorted(thread.name for thread in threading.enumerate()), sys._current_frames().keys()
    time.sleep(0.3)
    assert before == (sorted(thread.name for thread in threading.enumerate()), sys._current_frames().keys())

def test_alarm():
    caught = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: caught.append(frame.f_code.co_name)) if at_home() else None
    if at_home():
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        time.sleep(0.4)
        signal.signal(signal.SIGALRM, before)
        assert caught == ["test_alarm"]

def at_home():
    return threading.current_thread() is threading.main_thread()

def test_objects_die_when_they_did():
    class Thing:
        pass
    died = []
    def work():
        thing = Thing()
        weakref.finalize(thing, lambda: died.append(threading.current_thread()))
        time.sleep(0.2)
        del thing
        assert len(died) == 1
        time.sleep(0.2)
    work()
    assert died == [threading.current_thread()]

def test_asyncio():
    async def main():
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(asyncio.sleep(0.2))
        return "done"
    assert asyncio.run(main()) == "done"

def test_generators_end():
    ended = []
    def numbers():
        try:
            for i in range(10):
                yield i
        finally:
            ended.append(True)
    for number in numbers():
        time.sleep(0.02)
        if number == 5:
            break
    gc.collect()
    assert ended
'''


def tests(*options):
    """The case for some options."""

    def case(run):
        run.write("test_here.py", TESTS)
        program = run.start("python", "-m", "pytest", "-v", "-W", "error", "-p", "no:cacheprovider", *options)
        # With xdist, chance decides which worker runs a test and when.
        program.ends(ordered=not options, without=r"^\[gw\d\] .*%\]|^created:|workers? \[|^=+ .* =+$" if options else r"^=+ \d+ failed")
        run.requests += 50
        run.nothing_left()

    return case


CASES = {"pytest": tests(), "pytest-xdist": tests("-n", "2")}
