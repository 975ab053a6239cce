"""Stands still while it is being imported, too."""
import victim


def run_in_generator(function, argument):
    def generator():
        yield from (function(item) for item in [argument])

    return sum([value for value in generator()])


victim.step()
