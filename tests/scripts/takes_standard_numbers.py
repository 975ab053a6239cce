"""Closes standard input, output and error, and has files of its own under their numbers."""
import os
import sys
import tempfile

import victim

copies = [os.dup(number) for number in (0, 1, 2)]
# As a log is opened, or as data is.
flags = os.O_RDWR | os.O_CREAT | (os.O_APPEND if sys.argv[1] == "append" else 0)
with tempfile.TemporaryDirectory(dir=sys.argv[2]) as directory:
    for number in (0, 1, 2):
        os.close(number)
    files = [os.open(os.path.join(directory, str(index)), flags) for index in range(3)]
    for number in files:
        os.write(number, b"mine")
    victim.ready()
    os.read(copies[0], 1)
    contents = [os.pread(number, 4096, 0).decode() for number in files]
for number, copy in enumerate(copies):
    os.dup2(copy, number)
print(files)
print(*contents, sep="\n")
