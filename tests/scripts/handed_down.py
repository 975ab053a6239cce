"""The same objects in several frames, under several names, and changed between two dumps."""
import victim


def outer(items, table):
    again = password = items
    inner(items, table)


def inner(items, table):
    password = again = items
    victim.step()
    items.append("third")
    victim.step()


items = ["first", 2]
outer(items, {"items": items})
