"""Values and names that would drive a terminal, or are no Unicode."""
import threading

import victim


def renamed(function, name):
    code = function.__code__.replace(co_name=name)
    if hasattr(code, "co_qualname"):
        code = code.replace(co_qualname=name)
    function.__code__ = code
    return function


def hold():
    plain = "before"
    red = "\x1b[31mred\x1b[0m"
    title = b"\x1b]0;title\x07"
    lone = "\ud800 and \udcff"
    nul = "a\0b\rc\x7f\x9b\u2028\u202e"
    keys = {"\x1b[2J": 1, "\udc80": 2}
    named = type("C\x1b[1m", (), {})()
    setattr(named, "at\x1btribute\ud800", 1)
    zoo = "after"
    victim.step(still=False)


threading.current_thread().name = "main\x1b[31m\ud800\n"
renamed(hold, "hold\x1b[32m\udc00")()
