"""Positional-only parameters, and a method."""
import victim


class Thing:
    def method(self, a, /, b, *, c):
        victim.step()

    @classmethod
    def of_class(cls, a):
        victim.step()


Thing().method(1, 2, c=3)
Thing.of_class(4)
