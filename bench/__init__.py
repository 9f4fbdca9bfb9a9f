"""Benchmarks: each module's `run(size)` measures one part beside its baseline, in one run, and compares the results."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugins"))


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what, baseline: what was measured, and beside what.
        seconds, baseline_seconds: of the two, over the same rows; or whatever `unit` says instead.
        aim: most the ratio may be (`at_least`: least); None: shown for comparison alone.
    """

    what: str
    baseline: str
    seconds: float
    baseline_seconds: float
    aim: float | None = None
    at_least: bool = False
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Measured / baseline; the other way round where the aim is a least."""
        pair = (self.seconds, self.baseline_seconds)
        above, below = reversed(pair) if self.at_least else pair
        return above / below

    @property
    def holds(self) -> bool:
        """Whether the aim is met."""
        return self.aim is None or (self.ratio >= self.aim if self.at_least else self.ratio <= self.aim)


def agree(what: str, found: object, expected: object) -> None:
    """A ratio is worth nothing unless both sides did the same work.

    Raises:
        ValueError: they did not.
    """
    if found != expected:
        raise ValueError(f"{what}: {found!r}, expected {expected!r}")
