"""Exact builtins, which are shown as Python writes them."""
import victim


def hold():
    none = None
    true = True
    ellipsis = ...
    not_implemented = NotImplemented
    zero = 0
    negative = -1
    small = 255
    word = 2**31
    large = -(10**29) - 7
    real = 0.1
    whole = 1e22
    tiny = 5e-324
    infinite = float("-inf")
    nan = float("nan")
    negative_zero = -0.0
    complex_number = 1 - 2.5j
    imaginary = 3j
    empty = ""
    apostrophe = "it's"
    quotes = "both ' and \""
    latin = "é"
    wide = "東京"
    astral = "🐍"
    escaped = "tab\tline\nback\\slash"
    some_bytes = b"\x00\xffabc'"
    some_bytearray = bytearray(b"xyz")
    some_list = [1, "two", 3.0]
    empty_list = []
    some_tuple = (1, 2)
    single = (1,)
    empty_tuple = ()
    some_set = {7}
    empty_set = set()
    frozen = frozenset(["x"])
    empty_frozen = frozenset()
    some_dict = {"a": [1, {"b": ()}], 2: None}
    empty_dict = {}
    some_range = range(3)
    stepped = range(1, 10, 2)
    some_slice = slice(1, None, 2)
    some_type = int
    function = len
    method = [].append
    import sys as module
    victim.expect(**locals())
    victim.step()


hold()
