"""Work of several kinds, with dumps meanwhile, for an interpreter that is started in an unusual way."""
import os
import sys
import threading
import warnings

if sys.flags.isolated:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import victim


def work(rounds):
    tables = []
    for number in range(rounds):
        tables.append({str(key): [key] * 3 for key in range(number)})
    return len(tables)


def main(argument):
    threads = [threading.Thread(target=work, args=(200,), name="worker") for _ in range(3)]
    for thread in threads:
        thread.start()
    victim.dump()
    victim.tick()
    for thread in threads:
        thread.join()
    print(sorted(thread.name for thread in threading.enumerate()))
    print([getattr(sys.flags, name) for name in ("dev_mode", "isolated", "no_site", "debug")], sys.warnoptions)
    print(sys.argv, __name__, work(3))
    warnings.warn("a warning of the script's", ResourceWarning)


main("an argument")
