"""how much longer a program takes to start and end with the library in front."""

import os
import time

from figures import interval_of_median, milliseconds, reached, spread, table

PAIRS = 300


def spawn(command, environment):
    """Nanoseconds from posix_spawn to the end of the process, and those of CPU that it used."""
    begin = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, environment)
    _, status, used = os.wait4(pid, 0)
    end = time.perf_counter_ns()
    if status:
        raise RuntimeError(f"{command} ended with status {status}")
    return end - begin, round((used.ru_utime + used.ru_stime) * 1e9)


def run(setup):
    bare, loaded = setup.environment(), setup.environment(LOG=setup.scratch / "startup.log")
    cases = (
        ([setup.python, "-c", "pass"], 2.0, 1),
        (["/bin/true"], 0.5, 3),
    )
    rows, verdicts = [], []
    for command, goal, times in cases:
        pairs = PAIRS * times // (10 if setup.quick else 1)
        figures = {"bare": [], "loaded": []}
        for number in range(pairs):
            both = [("bare", bare), ("loaded", loaded)]
            for way, environment in both if number % 2 else reversed(both):
                figures[way].append(spawn(command, environment))
        name = " ".join([os.path.basename(command[0]), *command[1:]])
        rows += [(f"{name}, {way}", *map(spread, zip(*figures[way]))) for way in figures]
        for column, quantity in enumerate(("wall", "CPU")):
            differences = [there[column] - here[column] for here, there in zip(figures["bare"], figures["loaded"])]
            middle, low, high = (value / 1e6 for value in interval_of_median(differences))
            told = f"{name}: {quantity} {middle:+.3f} ms (95 % interval {low:+.3f} to {high:+.3f}; {pairs} pairs)"
            aim = f"; goal at most {goal} ms: {reached(middle <= goal)}" if quantity == "wall" else ""
            verdicts.append(told + aim)
    table(("ms, min / median / max", "from spawn to end", "CPU"), rows)
    print("\n".join(verdicts))
