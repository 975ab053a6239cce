"""An object that its owner deletes goes at once, and an old `locals()` does not change, whatever was dumped between."""
import victim


class Canary:
    def __del__(self):
        print("canary freed")


def owner():
    canary = Canary()
    other = canary
    victim.step()
    del canary, other
    print("after del")


def earlier_locals():
    known = 1
    earlier = locals()
    before = dict(earlier)
    known = 2
    later = 3
    victim.step()
    print("unchanged:", earlier == before, sorted(before), later)


def generator():
    held = Canary()
    yield 1
    del held
    victim.step()
    yield 2


owner()
earlier_locals()
print(list(generator()))
