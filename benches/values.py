"""a list of 10 million items and a string of 100 MB among the locals."""

from statistics import median

from figures import interval_of_median, reached, spread, table
from watched import target

THREADS = 10
ROUNDS, DUMPS = 11, 20
GOAL = 0.20


def run(setup):
    rounds, dumps = (3, 5) if setup.quick else (ROUNDS, DUMPS)
    medians, least = {"without": [], "with": []}, {"without": [], "with": []}
    for number in range(rounds):
        for row in sorted(medians, reverse=number % 2 == 0):
            with target(setup, THREADS, *["--big"] * (row == "with"), QUIET=1) as watched:
                watched.dump()
                pauses = [watched.dump().pause for _ in range(dumps)]
                medians[row].append(median(pauses))
                least[row].append(min(pauses))
    print(f"{THREADS} threads; {rounds} rounds of {dumps} dumps of a target with and of one without.\n")
    table(
        ("pause, ms", "median of a round", "least of a round"),
        [(row, spread(medians[row]), spread(least[row])) for row in medians],
    )
    for name, figures in (("medians", medians), ("least", least)):
        ratios = [big / small for small, big in zip(figures["without"], figures["with"])]
        middle, low, high = interval_of_median(ratios)
        print(
            f"change of the {name} {middle - 1:+.1%} (95 % interval {low - 1:+.1%} to {high - 1:+.1%}); "
            f"goal at most 20 % longer: {reached(middle - 1 <= GOAL)}"
        )
