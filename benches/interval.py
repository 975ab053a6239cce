"""what TRIPOD_INTERVAL costs a CPU-bound script.

Every round runs the script once in each way, in an order that changes; each way is compared with the bare run of its
round. "bare again" shows the noise that is left.
"""

import re
import shutil
import subprocess

from figures import interval_of_median, reached, table
from watched import HERE, Setup

ROUNDS = 40
SECONDS = 0.7
CLOCKS = ("wall", "main thread's CPU", "all threads' CPU")
GOAL, GOAL_WAY = 0.01, "every 0.01 s"
GOAL_CLOCKS = CLOCKS[:2]


def ways(setup: Setup):
    log = setup.scratch / "interval.log"
    return {
        "bare": setup.environment(),
        "bare again": setup.environment(),
        "no interval": setup.environment(LOG=log),
        "every 1 s": setup.environment(LOG=log, INTERVAL=1),
        "every 0.1 s": setup.environment(LOG=log, INTERVAL=0.1),
        GOAL_WAY: setup.environment(LOG=log, INTERVAL=0.01),
    }


def script(setup, *arguments):
    return [setup.python, "-I", str(HERE / "cpu_bound.py"), *map(str, arguments)]


def measure(setup, environment, rounds):
    """The script's own figures, in the order of CLOCKS."""
    output = subprocess.run(script(setup, rounds), env=environment, stdout=subprocess.PIPE, check=True).stdout
    return [int(word) for word in output.split()]


def run(setup):
    environments = ways(setup)
    rounds_of_work = 2000
    wall = min(measure(setup, environments["bare"], rounds_of_work)[0] for _ in range(3))
    rounds_of_work = round(rounds_of_work * SECONDS * 1e9 / wall)
    figures = {way: [] for way in environments}
    rounds = 5 if setup.quick else ROUNDS
    for number in range(rounds):
        order = list(environments)
        turn = number // 2 % len(order)
        order = order[turn:] + order[:turn]
        for way in order if number % 2 else reversed(order):
            figures[way].append(measure(setup, environments[way], rounds_of_work))
    print(f"{rounds} rounds of {SECONDS} s of work; longer by (median and its 95 % interval):\n")
    rows, verdicts = [], []
    for way in list(environments)[1:]:
        cells = []
        for clock, name in enumerate(CLOCKS):
            ratios = [theirs[clock] / bare[clock] - 1 for theirs, bare in zip(figures[way], figures["bare"])]
            middle, low, high = interval_of_median(ratios)
            cells.append(f"{middle:+.2%} ({low:+.2%} to {high:+.2%})")
            if way == GOAL_WAY and name in GOAL_CLOCKS:
                verdicts.append(f"{name} {reached(middle <= GOAL)}")
        rows.append((way, *cells))
    table(("", *CLOCKS), rows)
    print(f"goal {GOAL_WAY}: at most 1 %: {', '.join(verdicts)}")
    instructions(setup, min(bare[0] for bare in figures["bare"]) / rounds_of_work)


def instructions(setup, nanoseconds_per_round):
    """The same by counting: what valgrind sees executed with many dumps and with none."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        print("no valgrind here: no instruction counts")
        return
    dumps = 10 if setup.quick else 40
    rounds = dumps * 300
    log = setup.scratch / "counted.log"
    # Valgrind is slow: a dump must not be cut for that.
    environment = setup.environment(LOG=log, MAX_PAUSE=60_000)

    def count(*arguments):
        """Instructions executed, and dumps written."""
        log.unlink(missing_ok=True)
        command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *script(setup, *arguments)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        written = log.read_text().count("\nTripod dump ") if log.exists() else 0
        return int(re.search(r"Collected : (\d+)", result.stderr)[1]), written

    try:
        start, _ = count(0)
        alone, none = count(rounds)
        dumped, written = count(rounds, rounds // dumps)
    except (subprocess.CalledProcessError, TypeError) as error:
        print(f"instruction counts: valgrind did not do it: {error}")
        return
    if none or not written:
        print(f"instruction counts: {written} dumps under valgrind, and {none} where none should be")
        return
    each = (dumped - alone) / written
    a_second = (alone - start) / (nanoseconds_per_round * rounds / 1e9)
    print(
        f"by instructions (valgrind, {written} dumps): {each:,.0f} a dump, all threads; 100 of them are "
        f"{each * 100 / a_second:.2%} of what the script executes in a second"
    )
