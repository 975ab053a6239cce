"""Medians, spreads, and how they are printed."""

from statistics import median


def milliseconds(nanoseconds):
    value = nanoseconds / 1e6
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.2f}"


def spread(times):
    """Nanoseconds as "min / median / max", in milliseconds."""
    return " / ".join(milliseconds(value) for value in (min(times), median(times), max(times)))


def interval_of_median(sample):
    """The median and its 95 % interval, by order statistics: no distribution is assumed."""
    ordered = sorted(sample)
    half = 0.98 * len(ordered) ** 0.5
    low = max(0, round(len(ordered) / 2 - half))
    high = min(len(ordered) - 1, round(len(ordered) / 2 + half))
    return median(ordered), ordered[low], ordered[high]


def fraction(times):
    """How often the smaller fits into the greater, as 1/times."""
    return f"1/{times:,.0f}" if times >= 10 else f"1/{times:.1f}"


def reached(is_reached):
    return "reached" if is_reached else "NOT reached"


def table(heading, rows):
    """Prints columns as wide as they need to be; the first to the left, the others to the right."""
    rows = [heading, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
    for row in rows:
        cells = [cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    print(flush=True)
