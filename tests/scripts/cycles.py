"""Containers that hold themselves."""
import collections
import victim


class Node:
    def __init__(self):
        self.next = self


def hold():
    items = [1]
    items.append(items)
    table = {"a": 1}
    table["self"] = table
    pair = ([],)
    pair[0].append(pair)
    around = [[[1]]]
    around[0][0].append(around)
    node = Node()
    deque = collections.deque([1])
    deque.append(deque)
    victim.expect(items=items, table=table, pair=pair, around=around)
    victim.step()


hold()
