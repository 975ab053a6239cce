"""Does nothing until it is told, as often as asked."""
import sys

import victim

for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
    victim.step()  # HERE
print("out", flush=True)
print("err", file=sys.stderr, flush=True)
sys.exit(3)
