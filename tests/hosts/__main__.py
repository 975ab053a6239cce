"""Runs the cases and prints a row for each. See scripts/hosts."""

import argparse
import importlib
import importlib.metadata
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback

from .run import Failure, Run, become_subreaper, descendants, difference

HOSTS = ["celery", "gunicorn", "uvicorn", "uwsgi", "django", "pytest", "ipython", "notebook", "numeric", "pyinstaller"]

COLUMNS = "| program | requests answered | dumps | processes that dumped | seconds bare | seconds with Tripod | difference |"


def chosen(names):
    """(module, case) of each case that is named, or of all."""
    found = []
    for host in HOSTS:
        module = importlib.import_module(f".{host}", __package__)
        for case in module.CASES:
            if not names or host in names or case in names:
                found.append((module, case))
    return found


def install(modules):
    """Installs what is missing."""
    packages = sorted({package for module in modules for package in module.PACKAGES})
    missing = [package for package in packages if not installed(package)]
    if missing:
        print(f"installing {' '.join(missing)}", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *missing]
        subprocess.run(pip, check=True, timeout=1200)


def installed(package):
    """Its version, or None."""
    try:
        return importlib.metadata.version(re.split(r"[\[=<>]", package)[0])
    except importlib.metadata.PackageNotFoundError:
        return None


def one(function, library, keep):
    """One run, over with."""
    run = Run(library)
    try:
        function(run)
    except Failure as failure:
        run.said("failure", failure)
        for output in sorted(run.work.glob("std*.*")):
            print(f"--- {output}\n{output.read_text(errors='replace')[-4000:]}", file=sys.stderr)
    except Exception:
        run.said("failure", traceback.format_exc())
    finally:
        run.seconds = time.monotonic() - run.began
        run.total, run.processes, run.wrong = len(run.dumps()), run.dumped(), run.defects()
        run.close(keep)
    if keep:
        print(f"{run.work}", file=sys.stderr)
    return run


def main():
    """The command."""
    parser = argparse.ArgumentParser(prog="hosts")
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--control", action="store_true", help="bare against bare")
    parser.add_argument("--keep", action="store_true", help="keep the working directories")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    cases = chosen(arguments.names)
    unknown = set(arguments.names) - set(HOSTS) - {case for _, case in cases}
    if unknown:
        parser.error(f"no such host: {' '.join(sorted(unknown))}")
    become_subreaper()
    # So that what was started is ended in any case.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    install([module for module, _ in cases])
    importlib.invalidate_caches()

    versions = sorted({package for module, _ in cases for package in module.PACKAGES})
    print(f"CPython {sys.version.split()[0]}; " + ", ".join(f"{name} {installed(name)}" for name in versions))
    print(f"\n{COLUMNS}\n|" + " --- |" * COLUMNS.count(" | ") + " --- |", flush=True)
    differ = False
    for module, case in cases:
        function = module.CASES[case]
        bare = one(function, None, arguments.keep)
        tripod = one(function, None if arguments.control else arguments.library, arguments.keep)
        lines = difference(bare.answers, tripod.answers) + tripod.wrong
        lines += [f"both: {line}" for line in bare.answers if line.startswith("failure") and line in tripod.answers]
        differ |= bool(lines)
        requests = str(bare.requests) if bare.requests == tripod.requests else f"{bare.requests}, {tripod.requests}"
        print(
            f"| {case} | {requests} | {tripod.total} | {tripod.processes} | {bare.seconds:.1f} | {tripod.seconds:.1f} "
            f"| {'see below' if lines else 'none'} |",
            flush=True,
        )
        for line in lines:
            print(f"    {line}", flush=True)
    if descendants():
        print(f"left running: {descendants()}", file=sys.stderr)
        differ = True
    return differ


if __name__ == "__main__":
    sys.exit(main())
