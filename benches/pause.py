"""one dump with locals, against the peers.

Each run starts the target afresh: once with Tripod, for its first dump and some more, and once without, for a quiet
while as long as Tripod's dump (the noise) and for one dump of each peer. So ratios are of pairs within one run.
"""

from statistics import median

from figures import milliseconds, reached, spread, table
from watched import target

THREADS_AND_RUNS = ((1, 10), (10, 10), (100, 5), (500, 3))
DUMPS_IN_A_RUN = 10
PAUSE_GOAL, WALL_GOAL = 100, 20
GOALS_FROM_THREADS = 100


def complaint(text, threads):
    """What a dump lacks of the variables that it should show: two in each frame hold these words."""
    shown, there = text.count(b" at depth ") // 2, 20 * threads
    return "" if shown >= there else f"only {shown} of {there} frames with their locals"


def one_run(setup, threads, dumps, results, complaints):
    with target(setup, threads, QUIET=1) as watched:
        first, *more = [watched.dump() for _ in range(1 + dumps)]
        complaints["tripod"] = complaint(watched.last_dump(), threads)
    results["tripod, first"].append([first])
    results["tripod"].append(more)
    with target(setup, threads) as watched:
        length = round(median(dump.wall for dump in more))
        results["nobody"].append([watched.quiet(length) for _ in more])
        for peer in setup.peers:
            dump, text = watched.dump_by(peer)
            results[peer].append([dump])
            complaints[peer] = complaint(text, threads)


def middle(dumps, quantity):
    return median(getattr(dump, quantity) for dump in dumps)


def compare(results, peers, threads):
    """Prints what Tripod's wall and pause are of each peer's, run by run."""
    for row in ("tripod, first", "tripod"):
        for quantity, goal in (("pause", PAUSE_GOAL), ("wall", WALL_GOAL)):
            ratios = {
                peer: [
                    middle(theirs, quantity) / middle(ours, quantity)
                    for ours, theirs in zip(results[row], results[peer])
                ]
                for peer in peers
            }
            told = ", ".join(
                f"1/{median(ratio):.0f} of {peer}'s (1/{min(ratio):.0f} to 1/{max(ratio):.0f})"
                for peer, ratio in ratios.items()
            )
            aim = ""
            if threads >= GOALS_FROM_THREADS and ratios:
                aim = f"; goal 1/{goal}: {reached(all(median(ratio) >= goal for ratio in ratios.values()))}"
            print(f"{row + ': ':15}{quantity} {told}{aim}")
    print(flush=True)


def run(setup):
    print("Milliseconds, min / median / max. wall: from the trigger to the complete dump; pause: the target's longest in")
    print("that time. nobody: a target without Tripod, left alone for as long as Tripod's dump takes.\n")
    for threads, runs in THREADS_AND_RUNS:
        runs = max(1, runs // 5) if setup.quick else runs
        rows = ["nobody", "tripod, first", "tripod", *setup.peers]
        results = {row: [] for row in rows}
        complaints = {}
        for _ in range(runs):
            one_run(setup, threads, 3 if setup.quick else DUMPS_IN_A_RUN, results, complaints)
        flat = {row: [dump for dumps in results[row] for dump in dumps] for row in rows}
        table(
            (f"N = {threads}, {runs} runs", "wall", "pause", ""),
            [
                (row, milliseconds(middle(flat[row], "wall")) if row == "nobody" else spread([dump.wall for dump in flat[row]]),
                 spread([dump.pause for dump in flat[row]]), complaints.get(row, ""))
                for row in rows
            ],
        )
        compare(results, setup.peers, threads)
