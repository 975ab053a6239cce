"""Closes every descriptor and takes every low number for files of its own, again and again; then looks what is in them."""
import os
import tempfile

import victim

ROUNDS = 100
FILES = 40

victim.step(still=False)
seen = set()
with tempfile.TemporaryDirectory() as directory:
    for turn in range(ROUNDS):
        os.closerange(3, 65536)
        numbers = []
        for index in range(FILES):
            number = os.open(os.path.join(directory, "%d-%d" % (turn, index)), os.O_RDWR | os.O_CREAT | os.O_EXCL)
            os.write(number, b"mine %d" % index)
            numbers.append(number)
        seen.add(tuple(numbers))
        assert sorted(os.listdir("/proc/self/fd"), key=int) == [str(n) for n in range(4 + FILES)], os.listdir("/proc/self/fd")
        for index, number in enumerate(numbers):
            assert os.pread(number, 4096, 0) == b"mine %d" % index, os.pread(number, 4096, 0)
    os.closerange(3, 65536)
    for turn in range(ROUNDS):
        for index in range(FILES):
            with open(os.path.join(directory, "%d-%d" % (turn, index)), "rb") as file:
                assert file.read() == b"mine %d" % index
print(seen == {tuple(range(3, 3 + FILES))}, flush=True)
