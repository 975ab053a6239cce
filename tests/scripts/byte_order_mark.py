"""A source with a byte order mark."""
import victim

victim.step()  # HERE, after a mark: é
