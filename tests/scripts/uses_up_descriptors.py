"""Opens as many files as it may, with the limit that its argument says, and stands there."""
import os
import resource
import sys

import victim

limit = int(sys.argv[1])
victim.keep_open()
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
numbers = []
try:
    while True:
        numbers.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    reason = error.strerror
victim.step(still=False)
print(numbers, reason)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
victim.step(still=False)
