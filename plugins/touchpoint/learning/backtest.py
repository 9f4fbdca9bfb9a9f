"""How well each dormancy rule would have told, at past instants, who would still buy.

At an origin T everything is as of T: features, and the models fitted to them, from what had happened and was known by
T. What came is a paid order in (T, T + horizon], by what is known at the end. Guests are left out.

A rule is measured by what it goes by: silence; silence over the customer's own expected gap; the chance to buy within
the horizon. P(alive) is measured beside them; it is no rule.

NumPy and SciPy are heavy: import this where it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from touchpoint.db import Transaction
from touchpoint.learning import dormancy_lessons, histories, lifetime
from touchpoint.learning.dormancy import DAY, LIFETIME, RHYTHM, configured, expected_gap, parameters
from touchpoint.learning.lifetime import NotLearned, Numbers
from touchpoint.learning.measures import Areas, Flags, areas, brier, calibration
from touchpoint.settings import Dormancy, Shop

FIXED = "fixed"
RULES = (FIXED, RHYTHM, LIFETIME)  # the simplest first
ALIVE = "p_alive"
FEWEST = 30  # buyers, and others: with fewer an interval is as wide as what it should tell apart


@dataclass(frozen=True)
class Origin:
    """What was told at one instant, and what came.

    Attributes:
        at: the instant.
        customers, repeat_buyers: looked at, who had paid by then.
        bought: share of the customers who bought within the horizon.
        areas, repeat_areas: of every score, of all customers and of those with repeat purchases (None: too few).
        calls: by rule: how many were called dormant, how many of them bought; how many were not, how many of them did.
        calibration: of the chance to buy; empty where no model was learned.
        brier: of the chance to buy, and of telling everybody the share; None likewise.
        learned: by rule, what it was learned to go by.
        missing: by rule, why there is no such thing.
        digest: of what was known, SHA-256, hex.
    """

    at: datetime
    customers: int
    repeat_buyers: int
    bought: float
    areas: Areas
    repeat_areas: Areas | None
    calls: dict[str, tuple[int, int, int, int]]
    calibration: list[dict[str, Any]]
    brier: tuple[float, float] | None
    learned: dict[str, dict[str, Any]]
    missing: dict[str, str]
    digest: str


def origin(tx: Transaction, *, shop: Shop, at: datetime, known_at: datetime, dormancy: Dormancy) -> Origin:
    """Backtest one instant.

    Args:
        tx: an open transaction.
        shop: the shop.
        at: the instant, aware.
        known_at: what came is taken by what is known then; not before the horizon is over.
        dormancy: rules and horizon.

    Raises:
        NotLearned: too few customers, or too few who bought or did not.
    """
    known = histories.known(tx, shop=shop, as_of=at, sample=dormancy.sample)
    lifetime.enough(known.histories, dormancy.min_customers, 0)
    learned, missing = dormancy_lessons.learn(tx, shop=shop, as_of=at, known=known, dormancy=dormancy)
    scores, dormant = _scores(known, learned, dormancy)
    # Nothing above this line has seen what came.
    later = histories.buyers(tx, shop=shop, after=at, until=at + dormancy.horizon, as_of=known_at)
    bought = np.isin(known.numbers, later)
    _measurable(bought, at, dormancy)
    repeats = known.histories.repeats > 0
    chance = scores.get(LIFETIME)
    return Origin(
        at,
        len(bought),
        int(repeats.sum()),
        float(bought.mean()),
        areas(scores, bought),
        _of_repeat_buyers(scores, bought, repeats),
        {name: _calls(called, bought) for name, called in dormant.items()},
        calibration(chance, bought) if chance is not None else [],
        brier(chance, bought) if chance is not None else None,
        learned,
        missing,
        known.digest,
    )


def _scores(
    known: histories.Known, learned: dict[str, dict[str, Any]], dormancy: Dormancy
) -> tuple[dict[str, Numbers], dict[str, Flags]]:
    """Of each customer: scores, high where a purchase is expected; and by rule, whether it is called dormant."""
    past, silence = known.histories, known.silence * DAY
    rules = configured(dormancy)
    scores, dormant = {FIXED: -silence}, {FIXED: silence >= rules["fixed_after"]}
    if RHYTHM in learned:
        gap = expected_gap(past.span, past.repeats, {**rules, **parameters(RHYTHM, learned[RHYTHM], dormancy)})
        scores[RHYTHM] = -silence / gap
        dormant[RHYTHM] = silence >= np.clip(rules["factor"] * gap, rules["least"], rules["most"])
    if LIFETIME in learned:
        given = parameters(LIFETIME, learned[LIFETIME], dormancy)
        model = lifetime.Lifetime(*(given[name] for name in lifetime.PARAMETERS))
        scores[LIFETIME] = chance = model.buys_within(past, rules["horizon"] / DAY)
        scores[ALIVE] = model.alive(past)
        low = (chance <= given["buys_below"]) & (silence >= rules["least"])
        dormant[LIFETIME] = low | (silence >= rules["most"])
    return scores, dormant


def _measurable(bought: Flags, at: datetime, dormancy: Dormancy) -> None:
    if not FEWEST <= bought.sum() <= len(bought) - FEWEST:
        raise NotLearned(
            f"{int(bought.sum())} of {len(bought)} customers bought in the {dormancy.horizon.days} days after "
            f"{at.isoformat()}: too few to measure",
            remedy=f"{FEWEST} who did and {FEWEST} who did not are needed",
        )


def _of_repeat_buyers(scores: dict[str, Numbers], bought: Flags, repeats: Flags) -> Areas | None:
    if min((bought & repeats).sum(), (~bought & repeats).sum()) < FEWEST:
        return None
    return areas({name: score[repeats] for name, score in scores.items()}, bought[repeats])


def _calls(dormant: Flags, bought: Flags) -> tuple[int, int, int, int]:
    awake = ~dormant
    return int(dormant.sum()), int((dormant & bought).sum()), int(awake.sum()), int((awake & bought).sum())
