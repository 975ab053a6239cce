"""how much longer a program takes to start and end with the library in front."""

import os
import time

from figures import interval_of_median, milliseconds, reached, spread, table

PAIRS = 300


def spawn(command, environment):
    """Nanoseconds from posix_spawn to the end of the process."""
    begin = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, environment)
    _, status = os.waitpid(pid, 0)
    end = time.perf_counter_ns()
    if status:
        raise RuntimeError(f"{command} ended with status {status}")
    return end - begin


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
        differences = [there - here for here, there in zip(figures["bare"], figures["loaded"])]
        middle, low, high = (value / 1e6 for value in interval_of_median(differences))
        name = " ".join([os.path.basename(command[0]), *command[1:]])
        rows += [(f"{name}, {way}", spread(figures[way])) for way in figures]
        verdicts.append(
            f"{name}: {middle:+.3f} ms (95 % interval {low:+.3f} to {high:+.3f}; {pairs} pairs); "
            f"goal at most {goal} ms: {reached(middle <= goal)}"
        )
    table(("ms, min / median / max", "from spawn to end"), rows)
    print("\n".join(verdicts))
