"""the resident size after 10,000 dumps."""

from figures import table
from watched import target

THREADS = 10
STEPS = (0, 1, 100, 1_000, 10_000)


def sizes(pid):
    """VmRSS and RssAnon in KiB."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return tuple(int(fields[name].split()[0]) for name in ("VmRSS", "RssAnon"))


def run(setup):
    steps = STEPS[:-1] if setup.quick else STEPS
    rows, resident = [], {}
    # A small limit, so that the log's turning over is part of it.
    with target(setup, THREADS, "--idle", QUIET=1, LOG_MAX="64M") as watched:
        dumps = 0
        for step in steps:
            while dumps < step:
                watched.trigger()
                dumps += 1
            resident[step], anonymous = sizes(watched.pid)
            rows.append((f"{step:,}", f"{resident[step]:,}", f"{anonymous:,}"))
    print(f"{THREADS} sleeping threads, the main thread idle.\n")
    table(("dumps", "VmRSS, KiB", "RssAnon, KiB"), rows)
    change = resident[steps[-1]] - resident[100]
    print(f"from 100 to {steps[-1]:,} dumps: {change:+,} KiB ({change / resident[100]:+.2%}); goal: no growth")
