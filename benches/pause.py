"""one dump with locals, against the peers.

Each run starts the target afresh: once with Tripod, for its first dump and some more, and once without, for a quiet
while as long as Tripod's dump (the noise) and for one dump of each peer. So ratios are of pairs within one run.
"""

import re
from statistics import median

from figures import fraction, milliseconds, reached, spread, table
from watched import target

THREADS_AND_RUNS = ((1, 10), (10, 10), (100, 5), (500, 3))
DUMPS_IN_A_RUN = 10
GOALS = {"pause": 100, "wall": 20}
GOALS_FROM_THREADS = 100


def frames_shown(dump):
    """Recursive frames that are shown with their values: two locals of each hold these words."""
    return dump.text.count(b" at depth ") // 2


def held(dump):
    """For how long Tripod says that it held the GIL, in nanoseconds."""
    return float(re.search(rb"\bheld ([\d.]+) ms", dump.text)[1]) * 1e6


def one_run(setup, threads, dumps, results):
    with target(setup, threads, QUIET=1) as watched:
        first, *more = [watched.dump() for _ in range(1 + dumps)]
    results["tripod, first"].append([first])
    results["tripod"].append(more)
    with target(setup, threads) as watched:
        length = round(median(dump.wall for dump in more))
        results["nobody"].append([watched.quiet(length) for _ in more])
        for peer in setup.peers:
            results[peer].append([watched.dump_by(peer)])


def row(name, dumps, frames):
    wall, pause = [dump.wall for dump in dumps], [dump.pause for dump in dumps]
    if name == "nobody":
        return name, milliseconds(median(wall)), spread(pause), "", ""
    shown = min(map(frames_shown, dumps))
    own = spread([held(dump) for dump in dumps]) if name.startswith("tripod") else ""
    return name, spread(wall), spread(pause), own, "all" if shown >= frames else f"{shown} of {frames}"


def compare(ours, theirs, threads, whole):
    """Prints what Tripod's pause and wall are of each peer's, run by run."""
    for quantity, goal in GOALS.items():
        told, met = [], whole
        for peer, runs in theirs.items():
            ratios = [
                median(getattr(dump, quantity) for dump in there) / median(getattr(dump, quantity) for dump in here)
                for here, there in zip(ours, runs)
            ]
            told.append(f"{fraction(median(ratios))} of {peer}'s ({fraction(min(ratios))} to {fraction(max(ratios))})")
            met = met and median(ratios) >= goal
        if told and threads >= GOALS_FROM_THREADS:
            told.append(f"goal 1/{goal}: {reached(met)}{'' if whole else ', for values are missing'}")
        print(f"  {quantity:5} {', '.join(told)}")


def run(setup):
    print("Milliseconds, min / median / max. wall: from the trigger to the complete dump. pause: the target's longest in")
    print("that time. held: the GIL, as the dump says. values: frames shown with them. nobody: a target without Tripod,")
    print("left alone for as long as Tripod's dump takes.\n")
    for threads, runs in THREADS_AND_RUNS:
        runs = max(1, runs // 5) if setup.quick else runs
        results = {name: [] for name in ("nobody", "tripod, first", "tripod", *setup.peers)}
        for _ in range(runs):
            one_run(setup, threads, 3 if setup.quick else DUMPS_IN_A_RUN, results)
        dumps = {name: [dump for dumps in results[name] for dump in dumps] for name in results}
        rows = [row(name, dumps[name], 20 * threads) for name in results]
        table((f"N = {threads}, {runs} runs", "wall", "pause", "held", "values"), rows)
        for name in ("tripod, first", "tripod"):
            print(f"{name}:")
            whole = min(map(frames_shown, dumps[name])) >= 20 * threads
            compare(results[name], {peer: results[peer] for peer in setup.peers}, threads, whole)
        print(flush=True)
