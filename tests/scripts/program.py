"""What `programs.py` starts: says its arguments once it was dumped, then becomes another program or ends."""
import os
import sys

import victim

victim.say("process", os.getpid(), "program")
victim.dump()
victim.tick()
print(sys.argv[1], flush=True)
if sys.argv[2:]:
    os.execvp(sys.argv[2], sys.argv[2:])
sys.exit(7)
