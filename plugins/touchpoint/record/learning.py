"""Learning from a shop's own data: who learns what, each asked in turn, and what is kept of it.

A new learner is a function and a line of LEARNERS. It reads facts as of an instant alone, so that the same instant
teaches the same thing whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from touchpoint.db import Transaction
from touchpoint.errors import ConfigError
from touchpoint.record import learned
from touchpoint.settings import Segments, Shop
from touchpoint.settings.learning import Learning


@dataclass(frozen=True)
class Rules:
    """What people configure of learning: config/learning.yaml as it holds for the shop, and config/segments.yaml."""

    learning: Learning
    segments: Segments


@dataclass(frozen=True)
class Lesson:
    """What a learner found.

    Attributes:
        body: what is worked by, as JSON; durations in seconds. The same data give the same body to the letter.
        since, until: facts of this span were looked at; since None: from the first on.
        sample: orders, parcels or customers it was learned from.
        data_hash: SHA-256, hex, of the observations.
        told: more that people may want to see now, and that is not kept.
    """

    body: Mapping[str, Any]
    since: datetime | None
    until: datetime
    sample: int
    data_hash: str
    told: Mapping[str, Any] = field(default_factory=dict)


Learn = Callable[[Transaction, Shop, datetime, Rules], Lesson | None]
"""Learns as of an instant; None: there is not enough to learn from, and what is in force stays."""


LEARNERS: tuple[tuple[str, Learn], ...] = ()


def learn(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    rules: Rules,
    keep: bool,
    only: Iterable[str] | None = None,
) -> dict[str, tuple[Lesson | None, bool]]:
    """Learn as of an instant; with `keep`, what differs from the version in force becomes the one in force from there.

    Returns:
        By name: the lesson (None: not enough to learn from), and whether it was kept.

    Raises:
        ConfigError: `only` names something nobody learns.
        LedgerError: `keep`, and something was learned as of a later instant.
    """
    known = dict(LEARNERS)
    wanted = list(known) if only is None else list(only)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(f"nobody learns {unknown[0]!r}", remedy=f"one of: {', '.join(known)}")
    return {name: _learn(tx, name, known[name], shop, as_of, rules, keep) for name in wanted}


def _learn(
    tx: Transaction, name: str, learner: Learn, shop: Shop, as_of: datetime, rules: Rules, keep: bool
) -> tuple[Lesson | None, bool]:
    lesson = learner(tx, shop, as_of, rules)
    if lesson is None or not keep:
        return lesson, False
    is_kept = learned.keep(
        tx,
        shop_id=shop.id,
        name=name,
        body=lesson.body,
        as_of=as_of,
        since=lesson.since,
        until=lesson.until,
        sample=lesson.sample,
        data_hash=lesson.data_hash,
    )
    return lesson, is_kept
