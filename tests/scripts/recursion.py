"""A stack of 900 frames of one function."""
import victim


def descend(n):
    if n == 1:
        victim.step()
        return n
    return 1 + descend(n - 1)  # DESCEND


print(descend(900))
