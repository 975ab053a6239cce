"""uWSGI, which has a use of its own for USR2: with threads, and without, where it never gives the GIL up."""

import signal

from .gunicorn import APP, ON_DEMAND, PATHS, workers

PACKAGES = ["uwsgi"]


def server(*options, dumps):
    """The case for some options."""

    def case(run):
        run.write("app.py", APP)
        socket = run.work / "socket"
        program = run.start(
            "uwsgi", "--http-socket", socket, "--master", "--processes", 2, "--need-app", "--die-on-term",
            "--wsgi-file", "app.py", "--disable-logging", *options,
            TRIPOD_SIGNAL="RTMIN+3",
        )
        run.serving(socket)
        for answer in run.load(socket, PATHS):
            run.said("answer", answer)
        run.said("echo", run.get(socket, "/echo", "x" * 100_000))
        for pid in workers(run, socket):
            if dumps:
                run.dumping(pid)
                run.dumps_on_demand(pid, ON_DEMAND, "SIGRTMIN+3")
        for answer in run.load(socket, ["/slow"] * 20):
            run.said("answer", answer)
        run.zombies()
        program.kill(signal.SIGTERM)
        program.ends(ordered=False, without=r"spawned|goodbye|Python main interpreter|^\s*File|Traceback|ValueError|raise ")
        run.nothing_left()

    return case


CASES = {
    "uwsgi-threads": server("--enable-threads", "--threads", 2, dumps=True),
    "uwsgi-lazy": server("--enable-threads", "--lazy-apps", dumps=True),
    "uwsgi-no-threads": server(dumps=False),
}
