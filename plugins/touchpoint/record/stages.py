"""Lifecycle stages, here as a pure function, in the function record.labels as SQL; a test holds them equal."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from touchpoint.settings import Segments


class Stage(StrEnum):
    """Where a customer stands: by paid orders while they keep coming, by silence once they do not."""

    PROSPECT = "prospect"  # never paid an order
    NEW = "new"
    SECOND_TIME = "second_time"
    LOYAL = "loyal"
    DRIFTING = "drifting"
    DORMANT = "dormant"
    LOST = "lost"


def stage(order_count: int, last_paid_at: datetime | None, as_of: datetime, segments: Segments) -> Stage:
    """The stage of a customer as of an instant.

    Args:
        order_count: paid orders by `as_of`.
        last_paid_at: instant of the last of them, aware; None if there is none.
        as_of: the instant looked from, aware.
        segments: thresholds; a stage of silence begins exactly so long after the last payment.
    """
    if order_count == 0 or last_paid_at is None:
        return Stage.PROSPECT
    silence = as_of - last_paid_at
    for begins, name in (
        (segments.lost_after, Stage.LOST),
        (segments.dormant_after, Stage.DORMANT),
        (segments.drifting_after, Stage.DRIFTING),
    ):
        if silence >= begins:
            return name
    return stage_by_orders(order_count, segments)


def stage_by_orders(order_count: int, segments: Segments) -> Stage:
    """The stage by paid orders alone, whatever the silence: prospect, new, second-time or loyal."""
    if order_count >= segments.loyal_orders:
        return Stage.LOYAL
    if order_count >= segments.second_time_orders:
        return Stage.SECOND_TIME
    return Stage.NEW if order_count > 0 else Stage.PROSPECT
