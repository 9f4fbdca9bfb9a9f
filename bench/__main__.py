"""`python -m bench [--only landing] [--rows N]`: a table of ratios; exit 1 if an aim is missed."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from bench import Row

HELPERS = ("__init__", "__main__", "days", "long_histories", "many_orders", "orders")


def main() -> int:
    """Run the modules asked for and print what they found."""
    names = parts()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=names, help="one part alone")
    parser.add_argument("--rows", type=int, default=None, help="size of the part; each has its own default")
    given = parser.parse_args()
    rows: list[Row] = []
    for name in [given.only] if given.only else names:
        run = getattr(import_module(f"bench.{name}"), "run", None)
        if run is not None:
            rows += run(given.rows)
    show(rows)
    return 0 if all(row.holds for row in rows) else 1


def parts() -> list[str]:
    """The parts there are, by module name."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in HELPERS)


def show(rows: list[Row]) -> None:
    """One line a row: both times, the ratio, the aim."""
    width = max((len(row.what) for row in rows), default=0)
    other = max((len(row.baseline) for row in rows), default=0)
    for row in rows:
        sign = ">=" if row.at_least else "<="
        aim = f"{sign} {row.aim:g}x {'ok' if row.holds else 'MISSED'}" if row.aim is not None else ""
        print(
            f"{row.what:{width}}  {_figure(row.seconds, row.unit)}  {row.baseline:{other}}"
            f"  {_figure(row.baseline_seconds, row.unit)}  {row.ratio:7.2f}x  {aim}"
        )


def _figure(value: float, unit: str) -> str:
    return f"{value:9.2f} s" if unit == "s" else f"{value:9,.0f} {unit}"


if __name__ == "__main__":
    sys.exit(main())
