"""Never imports `threading`."""
import sys

import victim

victim.step()
print("threading" in sys.modules)
