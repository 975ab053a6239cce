"""Variables in cells: those of the function itself, and those of the functions around it."""
import victim


def outer(argument, captured_argument):
    cell = ["in a cell"]
    plain = "plain"

    def inner():
        free_and_own = (cell, captured_argument)
        victim.step()
        return free_and_own

    def unused():
        return later

    inner()
    later = "bound only now"
    return unused


outer(1, 2)


def deleted():
    gone = 1
    kept = 2
    del gone
    victim.step()
    return kept


deleted()
