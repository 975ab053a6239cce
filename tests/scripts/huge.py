"""Values far too large to be shown, with neighbours."""
import victim


def hold():
    a_before = "first"
    items = [0] * 10_000_000
    k_between = "second"
    number = 1 << 3_321_928
    p_between = "third"
    text = "a" * 100_000_000
    table = dict.fromkeys(range(100_000))
    t_bytes = bytes(50_000_000)
    z_after = "last"
    victim.step()


hold()
