"""Kaplan-Meier curves of what was observed in SQL: by two keys, by each of them, and of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from touchpoint.db import Row, Transaction

BOTH, OUTER, INNER, ALL = range(4)
"""How broad a group is: of both keys, of the outer or the inner one alone, of all."""

NEGLIGIBLE = 0.05
"""Of 0.9 that get there, if 0.05 more did late, the age by which 90 % have would be that of 85 % of them."""


@dataclass(frozen=True)
class Curve:
    """By which age those of a group got there: paid, arrived.

    Attributes:
        outer, inner: the keys; None: whatever it is.
        observed: of how many.
        events: how many were seen getting there by the horizon.
        watched: how many were, or could have been, watched to the horizon.
        unresolved: the share that had not got there when fewer than the sample were watched any more; 0: never.
        closes, horizon: ages by which half and 95 of 100 end for good.
        arrived: the share that gets there by the horizon.
        reached_at: ages by which the shares asked for, of those that get there, have; None: none gets there.
        arrived_by: shares of all, by the ages asked for.
    """

    outer: str | None
    inner: str | None
    observed: int
    events: int
    watched: int
    unresolved: float
    closes: int
    horizon: int
    arrived: float
    reached_at: tuple[int | None, ...]
    arrived_by: tuple[float, ...]

    @property
    def breadth(self) -> int:
        """BOTH, OUTER, INNER or ALL."""
        return (self.outer is None) * INNER + (self.inner is None) * OUTER

    def is_enough(self, sample: int) -> bool:
        """Whether a group may speak: enough were seen getting there, and enough could be watched to the end.

        Without the second, a shop that reminds everybody after half an hour would soon believe that nobody pays later.
        It does not matter how many are watched once hardly any are left: nearly all have got there.
        """
        return self.events >= sample and self.unresolved <= NEGLIGIBLE


def draw(tx: Transaction, *, shares: Sequence[float], ages: Sequence[int], sample: int, closes: int) -> list[Curve]:
    """Curves of pg_temp.observations, the broadest first.

    Args:
        tx: the transaction in which they were observed.
        shares: of those that get there, to say the ages of.
        ages: at which to say the share, in rising order.
        sample: fewer than this are not enough to go by.
        closes: the age at which all ends where fewer than twenty say when.
    """
    tx.one("features/hold_memory")
    tx.do("learn/analyse_observations")
    tx.do("learn/draw_curves")
    rows = tx.many("learn/read_curves", shares=list(shares), ages=list(ages), sample=sample, closes=closes)
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
        unresolved=row["unresolved"],
        closes=row["closes"],
        horizon=row["horizon"],
        arrived=row["arrived"],
        reached_at=tuple(row["reached_at"] or [None] * shares),
        arrived_by=tuple(row["arrived_by"]),
    )


def _place(curve: Curve) -> tuple[int, str, str]:
    return -curve.breadth, curve.outer or "", curve.inner or ""
