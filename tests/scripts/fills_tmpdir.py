"""Fills the file system of its `TMPDIR`, and makes room again."""
import os

import victim

name = os.path.join(os.environ["TMPDIR"], "mine")
victim.step(still=False)
number = os.open(name, os.O_RDWR | os.O_CREAT)
reason = None
while reason is None:
    try:
        os.write(number, b"mine")
    except OSError as error:
        reason = error.strerror
victim.step(still=False)
size = os.fstat(number).st_size
print(reason, os.pread(number, size, 0) == b"mine" * (size // 4))
os.close(number)
os.unlink(name)
victim.step(still=False)
