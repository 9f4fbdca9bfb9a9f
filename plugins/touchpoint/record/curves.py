"""Kaplan-Meier curves of what was observed in SQL: by two keys, by each of them, and of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from touchpoint.db import Row, Transaction

BOTH, OUTER, INNER, ALL = range(4)
"""How broad a group is: of both keys, of the outer or the inner one alone, of all."""


@dataclass(frozen=True)
class Curve:
    """By which age those of a group got there: paid, arrived.

    Attributes:
        outer, inner: the keys; None: whatever it is.
        observed: of how many.
        events: how many were seen getting there by the horizon.
        watched: how many were, or could have been, watched to the horizon.
        closes, horizon: ages at which the first and the last of twenty end for good.
        arrived: the share that gets there by the horizon.
        reached_at: ages by which the shares asked for, of those that get there, have; None: none gets there.
        arrived_by: shares of all, by the ages asked for.
    """

    outer: str | None
    inner: str | None
    observed: int
    events: int
    watched: int
    closes: int
    horizon: int
    arrived: float
    reached_at: tuple[int | None, ...]
    arrived_by: tuple[float, ...]

    @property
    def breadth(self) -> int:
        """BOTH, OUTER, INNER or ALL."""
        return (self.outer is None) * INNER + (self.inner is None) * OUTER


def draw(tx: Transaction, *, shares: Sequence[float], ages: Sequence[int]) -> list[Curve]:
    """Curves of pg_temp.observations, the broadest first. `ages` are in rising order."""
    tx.one("features/hold_memory")
    tx.do("learn/analyse_observations")
    tx.do("learn/draw_curves")
    rows = tx.many("learn/read_curves", shares=list(shares), ages=list(ages))
    return sorted((_curve(row, len(shares)) for row in rows), key=_place)


def observed(tx: Transaction) -> tuple[int, str]:
    """How many observations there are, and their hash (SHA-256, hex), whatever their order."""
    row = tx.one("learn/hash_observations")
    return int(row["observed"]), str(row["digest"])


def _curve(row: Row, shares: int) -> Curve:
    return Curve(
        outer=row["outer_key"],
        inner=row["inner_key"],
        observed=row["observed"],
        events=row["events"],
        watched=row["watched"],
        closes=row["closes"],
        horizon=row["horizon"],
        arrived=row["arrived"],
        reached_at=tuple(row["reached_at"] or [None] * shares),
        arrived_by=tuple(row["arrived_by"]),
    )


def _place(curve: Curve) -> tuple[int, str, str]:
    return -curve.breadth, curve.outer or "", curve.inner or ""
