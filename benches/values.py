"""a list of 10 million items and a string of 100 MB among the locals."""

from figures import interval_of_median, reached, spread, table
from statistics import median
from watched import target

THREADS = 10
ROUNDS, DUMPS = 11, 20
GOAL = 0.20


def run(setup):
    rounds, dumps = (3, 5) if setup.quick else (ROUNDS, DUMPS)
    medians = {"without": [], "with": []}
    for number in range(rounds):
        for row in sorted(medians, reverse=number % 2 == 0):
            with target(setup, THREADS, *["--big"] * (row == "with"), QUIET=1) as watched:
                watched.dump()
                medians[row].append(median(watched.dump().pause for _ in range(dumps)))
    print(f"{THREADS} threads; {rounds} rounds of {dumps} dumps of a target with and of one without.\n")
    table(("median of a round, ms", "pause"), [(row, spread(medians[row])) for row in ("without", "with")])
    ratios = [big / small for small, big in zip(medians["without"], medians["with"])]
    middle, low, high = interval_of_median(ratios)
    print(
        f"change {middle - 1:+.1%} (95 % interval {low - 1:+.1%} to {high - 1:+.1%}); "
        f"goal at most 20 %: {reached(abs(middle - 1) <= GOAL)}"
    )
