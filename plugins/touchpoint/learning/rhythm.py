"""The rhythm of a shop: how long its customers are usually silent between two purchase days.

Gaps of those who bought on two days at least. Their last gap is open: it will be at least so long. Leaving open gaps
out would call the shop quicker than it is, so the median is that of the Kaplan-Meier curve (Journal of the American
Statistical Association 53:282, 1958): an open gap counts among those still silent as long as it is known to last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rhythm:
    """The gap of a population.

    Attributes:
        days: the median gap.
        is_closed_only: half of the gaps never closed, and it is the median of those that did.
        closed, open: how many gaps of each kind there were.
    """

    days: float
    is_closed_only: bool
    closed: int
    open: int

    def body(self) -> dict[str, Any]:
        """As it is kept; the gap in seconds."""
        return {
            "population_gap": self.days * 86400.0,
            "of": "closed gaps" if self.is_closed_only else "closed and open gaps",
        }


def median_gap(gaps: Iterable[tuple[int, bool, int]]) -> Rhythm | None:
    """The median gap of rows of days, whether it is open still, and how many such there are; None without any closed.

    Where half of the gaps never close, the customers who left for good are more than half: the median of those that
    closed is told instead, and that it is.
    """
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for days, is_open, number in gaps:
        counts[days][is_open] += number
    closed, still = (sum(pair[kind] for pair in counts.values()) for kind in (0, 1))
    if not closed:
        return None
    for curve in (counts, {days: [pair[0], 0] for days, pair in counts.items()}):
        if (half := _median(curve)) is not None:
            return Rhythm(half, curve is not counts, closed, still)
    return None  # pragma: no cover - all closed: the curve reaches 0


def _median(counts: dict[int, list[int]]) -> float | None:
    silent = 1.0
    at_risk = sum(map(sum, counts.values()))
    for days in sorted(counts):
        closed, still = counts[days]
        silent *= 1 - closed / at_risk
        if silent <= 0.5:
            return float(days)
        at_risk -= closed + still
    return None
