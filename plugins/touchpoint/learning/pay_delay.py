"""How soon buyers pay by themselves, by order source and kind of payment, and when a reminder is due from that.

Those who pay by themselves are the share of orders that the curve reaches by the time they close; the others never do,
and no reminder should wait for them (the share that is never "cured" at the end of a Kaplan-Meier curve: R. A. Maller
and S. Zhou, Biometrika 79, 1992). Orders closed unpaid stay in the curve as never paid, since they are no longer at
risk of being paid and not merely out of sight (the sub-distribution of J. P. Fine and R. J. Gray, J. Am. Stat. Assoc.
94, 1999, whose weights are all 1 here: how long each order could have been watched is known). Orders unpaid yet are
censored now, and those we reminded of when we did: what they would have done by themselves nobody knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from touchpoint.db import Transaction
from touchpoint.learning import curves
from touchpoint.learning.curves import Curve
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.settings import Shop
from touchpoint.settings.learning import PayDelay

NAME = "pay_delay"
REALM = "live"
"""A rehearsal's reminders reached nobody who is in its facts."""
DAY = 24 * 3600
FEW = 20
"""Payments from which a kind with fewer than the sample makes a reminder later, if its own would be; never sooner."""
AGES = (30, 60, 120, 300, 600, 1800, 3600, 2 * 3600, 6 * 3600, 12 * 3600, *(day * DAY for day in range(1, 15)))
"""Seconds after the order at which the curve is told."""


def learn(tx: Transaction, shop: Shop, as_of: datetime, rules: Rules) -> Lesson | None:
    """The curves as of an instant and the reminder times they suggest; None: too few orders of any group."""
    config = rules.learning.pay_delay
    since = as_of - config.window
    tx.do("learn/forget_observations")
    tx.do(
        "learn/observe_pay_delays",
        shop_id=shop.id,
        as_of=as_of,
        since=since,
        realm=REALM,
    )
    ages = sorted({*AGES, *(int(step.total_seconds()) for step in config.steps)})
    closes = int(shop.closes_after.total_seconds())
    shares = [config.share, config.least_share, 0.5]
    drawn = curves.draw(tx, shares=shares, ages=ages, sample=config.min_sample, closes=closes)
    groups = [_group(curve, config, ages) for curve in drawn if curve.is_enough(config.min_sample)]
    if not groups:
        return None
    sample, digest = curves.observed(tx)
    known = {group["kind"] for group in groups if group["source"] is None}
    few = [
        _group(curve, config, ages)
        for curve in drawn
        if curve.breadth == curves.INNER and curve.inner not in known and curve.events >= FEW
    ]
    body = {"groups": groups, "few": few, "share": config.share, "least_share": config.least_share}
    return Lesson(body=body, since=since, until=as_of, sample=sample, data_hash=digest)


def suggest(curve: Curve, config: PayDelay) -> tuple[timedelta | None, str]:
    """When a reminder is due, and why then.

    Returns:
        Time after the order, and `share` (the wanted share has paid), `closing` (the order closes before that, and
        the least share has paid) or `never`: while the order is open, most who pay still do by themselves.
    """
    latest = latest_for(curve, config)
    wanted, least = (None if age is None else config.round_up(_ago(age)) for age in curve.reached_at[:2])
    if wanted is None or least is None:
        return None, "never"
    due = max(wanted, config.round_up(config.earliest))
    if due <= latest:
        return due, "share"
    return (latest, "closing") if latest >= max(least, config.earliest) else (None, "never")


def latest_for(curve: Curve, config: PayDelay) -> timedelta:
    """The last step that leaves lead and margin before an order of the group closes; 0: there is none."""
    return config.round_down(max(_ago(curve.closes) - config.lead - config.margin, timedelta()))


def _group(curve: Curve, config: PayDelay, ages: list[int]) -> dict[str, Any]:
    after, why = suggest(curve, config)
    shares = dict(zip(ages, curve.arrived_by, strict=True))
    told = {age: share for age, share in shares.items() if age <= curve.horizon}
    seconds = None if after is None else int(after.total_seconds())
    by_then = shares.get(seconds) if seconds is not None else None
    return {
        "source": curve.outer,
        "kind": curve.inner,
        "orders": curve.observed,
        "paid": curve.events,
        "watched": curve.watched,
        "closes": curve.closes,
        "latest": int(latest_for(curve, config).total_seconds()),
        "pay_by_themselves": round(curve.arrived, 6),
        "half_paid_at": curve.reached_at[2],
        "least_paid_at": curve.reached_at[1],
        "share_paid_at": curve.reached_at[0],
        "after": seconds,
        "why": why,
        "paid_by_then": None if by_then is None else round(min(by_then / curve.arrived, 1.0), 6),
        "curve": {str(age): round(min(share / curve.arrived, 1.0), 6) for age, share in told.items()},
    }


def _ago(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)
