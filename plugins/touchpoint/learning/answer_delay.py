"""How soon readers answer a message by paying, by campaign and step: when the next step need not wait any longer.

A Kaplan-Meier curve as in record.pay_delay. Those who got the next step are censored there: what they would have done
without it nobody knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from touchpoint.db import Transaction
from touchpoint.learning import curves
from touchpoint.learning.curves import Curve
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.settings import Shop
from touchpoint.settings.learning import AnswerDelay

NAME = "answer_delay"
REALM = "live"
AGES = tuple(int(timedelta(hours=hours).total_seconds()) for hours in (1, 3, 6, 12, 24, 48, 72, 120, 168, 240, 336))


def learn(tx: Transaction, shop: Shop, as_of: datetime, rules: Rules) -> Lesson | None:
    """Answers as of an instant; None: too few to any step."""
    config = rules.learning.answer_delay
    since = as_of - config.window
    tx.do("learn/forget_observations")
    tx.do("learn/observe_answers", shop_id=shop.id, as_of=as_of, since=since, realm=REALM)
    horizon = int(config.horizon.total_seconds())
    drawn = curves.draw(tx, shares=[config.share, 0.5], ages=AGES, sample=config.min_sample, closes=horizon)
    by_step = [curve for curve in drawn if curve.breadth == curves.BOTH and curve.is_enough(config.min_sample)]
    steps = [_step(curve, config) for curve in by_step]
    if not steps:
        return None
    sample, digest = curves.observed(tx)
    return Lesson(
        body={"steps": steps, "share": config.share}, since=since, until=as_of, sample=sample, data_hash=digest
    )


def _step(curve: Curve, config: AnswerDelay) -> dict[str, Any]:
    reached = curve.reached_at[0] or 0
    hour = timedelta(hours=1)
    after = max(-(-timedelta(seconds=reached) // hour) * hour, config.earliest)
    return {
        "campaign": curve.outer,
        "step": curve.inner,
        "messages": curve.observed,
        "answers": curve.events,
        "watched": curve.watched,
        "answer": round(curve.arrived, 6),
        "half_answered_at": curve.reached_at[1],
        "after": int(after.total_seconds()),
        "curve": {
            str(age): round(min(share / curve.arrived, 1.0), 6)
            for age, share in zip(AGES, curve.arrived_by, strict=True)
        },
    }
