"""Learning from a shop's own data: who learns what, each asked in turn, and what is kept of it.

A new learner is a function (see record.lessons) and a line of LEARNERS. It reads facts as of an instant alone, so that
the same instant teaches the same thing whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from touchpoint.db import Transaction
from touchpoint.errors import ConfigError
from touchpoint.learning import answer_delay, delivery, dormancy, dormancy_lessons, kept, pay_delay
from touchpoint.learning.lessons import Learn, Lesson, Rules
from touchpoint.settings import Shop

LEARNERS: tuple[tuple[str, Learn], ...] = (
    (pay_delay.NAME, pay_delay.learn),
    (delivery.NAME, delivery.learn),
    (answer_delay.NAME, answer_delay.learn),
    (dormancy.RHYTHM, dormancy_lessons.learn_rhythm),
    (dormancy.LIFETIME, dormancy_lessons.learn_lifetime),
    (dormancy.WINNER, dormancy_lessons.learn_winner),
)
"""Name, as in record.learned_parameters, and function of everything that is learned."""


def learn(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    rules: Rules,
    keep: bool,
    or_head: bool = False,
    only: Iterable[str] | None = None,
) -> dict[str, tuple[Lesson | None, bool]]:
    """Learn as of an instant; with `keep`, what differs from the version in force becomes the one in force after it.

    Everything is learned first and kept then: keeping holds the shop's ingest lock. `or_head`: see `kept.keep`.

    Returns:
        By name: the lesson (None: not enough to learn from), and whether it was kept.

    Raises:
        ConfigError: `only` names something nobody learns.
        LedgerError: `keep`, and something was learned, or the record made, as of a later instant.
    """
    known = dict(LEARNERS)
    wanted = list(known) if only is None else list(only)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(f"nobody learns {unknown[0]!r}", remedy=f"one of: {', '.join(known)}")
    lessons = {name: known[name](tx, shop, as_of, rules) for name in wanted}
    return {
        name: (lesson, keep and lesson is not None and _keep(tx, name, lesson, shop, as_of, or_head))
        for name, lesson in lessons.items()
    }


def _keep(tx: Transaction, name: str, lesson: Lesson, shop: Shop, as_of: datetime, or_head: bool) -> bool:
    return kept.keep(
        tx,
        shop_id=shop.id,
        name=name,
        body=lesson.body,
        as_of=as_of,
        since=lesson.since,
        until=lesson.until,
        sample=lesson.sample,
        data_hash=lesson.data_hash,
        or_head=or_head,
    )
