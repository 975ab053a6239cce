"""Starts and stops tracemalloc over and over; then is blocked while it traces."""
import time
import tracemalloc

import victim

end = time.monotonic() + 1
while time.monotonic() < end:
    tracemalloc.start()
    kept = [object() for _ in range(2000)]
    tracemalloc.clear_traces()
    tracemalloc.stop()
tracemalloc.start()
victim.step(still=False)
print(tracemalloc.is_tracing())
tracemalloc.stop()
