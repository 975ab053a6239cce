"""Values that the limits cut."""
import victim


def hold(argument):
    text = "x" * 500
    items = list(range(50))
    deep = [[[[[[["bottom"]]]]]]]
    victim.step()


hold("an argument")
