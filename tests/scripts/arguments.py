"""Arguments of every kind."""
import victim


def all_kinds(first, second=2, *rest, only, default="d", **named):
    local = "local"
    victim.step()


def overwritten(argument):
    argument = "new"
    victim.step()


def only_stars(*args, **kwargs):
    victim.step()


def none():
    victim.step()


all_kinds(1, 2, 3, "four", only=5, z=6, y=[7])
overwritten("old")
only_stars()
none()
