"""Objects of user classes and subclasses of builtins."""
import collections
import dataclasses
import enum
import victim

Point = collections.namedtuple("Point", "x y")


class Color(enum.Enum):
    RED = 1


class Job:
    def __init__(self):
        self.id = 7
        self.state = "queued"


class Slotted:
    __slots__ = ("left", "right", "unset")

    def __init__(self):
        self.left = 1
        self.right = "r"


class Row(dict):
    pass


class Name(str):
    pass


@dataclasses.dataclass
class Order:
    number: int
    lines: list


def hold():
    job = Job()
    slotted = Slotted()
    point = Point(1, 2)
    red = Color.RED
    ordered = collections.OrderedDict([("b", 1), ("a", 2)])
    counts = collections.Counter(["x"])
    default = collections.defaultdict(list, {"k": [1]})
    row = Row(a=1)
    name = Name("n")
    error = KeyError("missing")
    order = Order(5, ["nail"])
    deque = collections.deque([1, 2], 3)
    victim.expect(
        point=point, red=red, ordered=ordered, counts=counts, default=default, error=error, deque=deque
    )
    for value_name, value in [("job", job), ("slotted", slotted), ("order", order)]:
        victim.say("value", value_name, "%#x" % id(value))
    victim.step()


hold()
