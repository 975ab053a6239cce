"""The driver behind scripts/bench: what is measured, on which machine, section after section."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves it out

import interval
import memory
import pause
import startup
import values
from watched import PEERS, Setup

SECTIONS = {section.__name__: section for section in (pause, values, interval, startup, memory)}


def first_line(*command):
    """The first line that a command prints; empty where it cannot be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip().partition("\n")[0]
    except OSError:
        return ""


def machine(setup):
    """Lines that say what the figures belong to."""
    root = Path(__file__).parent.parent
    with open("/proc/cpuinfo") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    cpus = len(os.sched_getaffinity(0))
    revision = first_line("git", "-C", str(root), "describe", "--always", "--dirty")
    yield f"Tripod    {setup.library} (checkout: {revision or 'unknown'})"
    versions = (f"{name} {first_line(path, '--version').split()[-1]}" for name, path in setup.peers.items())
    yield f"peers     {', '.join(versions) or 'none'}"
    yield f"CPython   {platform.python_version()} ({os.path.realpath(setup.python)})"
    yield f"machine   {cpus} CPUs, {models[0] if models else platform.machine()}, Linux {platform.release()},"
    yield f"          {' '.join(platform.libc_ver())}, load {os.getloadavg()[0]:.2f} at the start"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--library", required=True, help="libtripod.so")
    parser.add_argument("--peers", required=True, help="directory of py-spy and pystack")
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("section", nargs="*", help=", ".join(SECTIONS))
    options = parser.parse_args()
    for name in options.section:
        if name not in SECTIONS:
            parser.error(f"no section {name}; there are {', '.join(SECTIONS)}")
    for name in [name for name in os.environ if name.startswith("TRIPOD_")]:
        del os.environ[name]

    peers = {name: os.path.join(options.peers, name) for name in PEERS}
    peers = {name: path for name, path in peers.items() if os.access(path, os.X_OK)}
    with tempfile.TemporaryDirectory(prefix="tripod-bench-") as scratch:
        library = os.path.abspath(options.library)
        setup = Setup(sys.executable, library, peers, Path(scratch), options.quick)
        for line in machine(setup):
            print(line)
        for name in options.section or SECTIONS:
            section = SECTIONS[name]
            print(f"\n== {name}: {section.__doc__.strip()}\n", flush=True)
            section.run(setup)


if __name__ == "__main__":
    main()
