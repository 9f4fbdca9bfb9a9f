"""What the rules of dormancy are learned from: the gap of the population, and the model of who buys again.

NumPy and SciPy are heavy, and imported when something is learned.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from touchpoint.db import Transaction
from touchpoint.learning.dormancy import DAY, LIFETIME, RHYTHM
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.settings import Dormancy, Shop

if TYPE_CHECKING:
    from touchpoint.learning.histories import Known

LEAST_CHANCE = 1e-6
ORIGINS, LEAST_ORIGINS = 3, 2
"""Instants a verdict is looked for from, and that it needs: one alone may be a season."""
VERDICT_SAMPLE = 20_000
"""Customers each of them looks at, at most: seconds, and leads of 0.01 still lie outside their intervals."""


def learn_rhythm(tx: Transaction, shop: Shop, as_of: datetime, rules: Rules) -> Lesson | None:
    """The median gap of the shop; None: fewer customers, or who bought on two days, than configuration asks for."""
    return _learned(tx, shop, as_of, rules.segments.dormancy, RHYTHM)


def learn_lifetime(tx: Transaction, shop: Shop, as_of: datetime, rules: Rules) -> Lesson | None:
    """BG/NBD and gamma-gamma; None: as above, or no maximum of the likelihood was found."""
    return _learned(tx, shop, as_of, rules.segments.dormancy, LIFETIME)


def learn_winner(tx: Transaction, shop: Shop, as_of: datetime, rules: Rules) -> Lesson | None:
    """Which rule tells best, by a backtest over the last three horizons; None: too little to measure it by.

    The rule that won before stays until another one beats it beyond chance (verdict.judge); where it could not be
    measured, it was not beaten. A sample of the shop is looked at. What came ends with the last sale, as a shop that is
    closed lost nobody; it is taken as it is known now, since a sale may become known weeks later (a monthly export).
    """
    from touchpoint.learning import histories, verdict
    from touchpoint.learning.lifetime import NotLearned

    asked = rules.segments.dormancy
    dormancy = asked.model_copy(update={"sample": min(asked.sample, VERDICT_SAMPLE)})
    last = histories.last_paid_at(tx, shop=shop, as_of=as_of)
    if last is None:
        return None
    at, holds = verdict.instants(last, dormancy.horizon, ORIGINS), verdict.holding(tx, shop, as_of)
    try:
        found = verdict.backtest(tx, shop=shop, at=at, known_at=as_of, dormancy=dormancy, holds=holds)
    except NotLearned:
        return None
    if len(found.origins) < LEAST_ORIGINS or holds not in found.measured:
        return None
    return Lesson(found.body, None, as_of, found.sample, found.digest)


def _learned(tx: Transaction, shop: Shop, as_of: datetime, dormancy: Dormancy, name: str) -> Lesson | None:
    from touchpoint.learning import histories

    known = histories.known(tx, shop=shop, as_of=as_of, sample=dormancy.sample)
    bodies, missing = learn(tx, shop=shop, as_of=as_of, known=known, dormancy=dormancy, names=(name,))
    if name in missing:
        return None
    body = bodies[name] if name == RHYTHM else {**bodies[name], **spend_of(known, dormancy)}
    return Lesson(body, None, as_of, known.histories.total, known.digest, {"customers": known.customers})


def learn(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    known: Known,
    dormancy: Dormancy,
    names: tuple[str, ...] = (RHYTHM, LIFETIME),
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What each rule goes by, by name of the rule, from what was known at an instant; and why one has nothing.

    Args:
        tx: an open transaction.
        shop: the shop.
        as_of: the instant, aware.
        known: customers as of that instant.
        dormancy: rules and minimums.
        names: of the rules asked for.
    """
    from touchpoint.learning import histories, lifetime

    bodies: dict[str, dict[str, Any]] = {}
    try:
        lifetime.enough(known.histories, dormancy.min_customers, dormancy.min_repeat_buyers)
        if RHYTHM in names and (rhythm := histories.rhythm(tx, shop=shop, as_of=as_of)):
            bodies[RHYTHM] = rhythm.body()
        if LIFETIME in names:
            bodies[LIFETIME] = lifetime_body(known, dormancy)
    except lifetime.NotLearned as error:
        return bodies, {name: error.thing for name in names if name not in bodies}
    return bodies, {}


def lifetime_body(known: Known, dormancy: Dormancy) -> dict[str, Any]:
    """BG/NBD, and the chance to buy below which as many are as `fixed_after` calls dormant.

    Raises:
        NotLearned: no maximum of the likelihood was found.
    """
    import numpy as np

    from touchpoint.learning import lifetime

    body = lifetime.fit(known.histories).body()
    horizon = dormancy.horizon.total_seconds()
    chance = lifetime.Lifetime(**body).buys_within(known.histories, horizon / DAY)
    silent = float((known.silence * DAY >= dormancy.fixed_after.total_seconds()).mean())
    matched = float(np.quantile(chance, silent)) if silent else LEAST_CHANCE
    matched = min(1 - LEAST_CHANCE, max(LEAST_CHANCE, lifetime.digits(matched)))
    return {**body, "horizon": horizon, "matched": matched}


def spend_of(known: Known, dormancy: Dormancy) -> dict[str, Any]:
    """Gamma-gamma of what purchase days after the first brought, minor units; or why there is none."""
    from touchpoint.learning import lifetime, spend

    counted = (known.histories.repeats > 0) & (known.repeat_minor > 0)
    repeats = known.histories.repeats[counted]
    try:
        model = spend.fit(repeats, known.repeat_minor[counted] / repeats, min_customers=dormancy.min_repeat_buyers)
    except lifetime.NotLearned as error:
        return {"spend": None, "no_spend": error.thing}
    return {"spend": {name: lifetime.digits(getattr(model, name)) for name in ("p", "q", "v", "correlation")}}
