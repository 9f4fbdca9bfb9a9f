"""How well each dormancy rule would have told, at past instants, who would still buy.

At an origin T everything is as of T: features, and the models fitted to them, from what had happened and was known by
T. What came is a paid order in (T, T + horizon], by what is known at the end. Guests are left out.

A rule is measured by what it goes by: silence as a share of the silence it allows. P(alive) and the chance to buy
within the horizon are measured beside the rules; they are none.

NumPy and SciPy are heavy: import this where it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from touchpoint.db import Transaction
from touchpoint.record import histories, lifetime
from touchpoint.record.dormancy import DAY, LIFETIME, RHYTHM, configured, parameters, silence_allowed
from touchpoint.record.lifetime import NotLearned, Numbers
from touchpoint.record.measures import Areas, Flags, Z, areas, brier, calibration
from touchpoint.settings import Dormancy, Shop

FIXED = "fixed"
RULES = (FIXED, RHYTHM, LIFETIME)  # the simplest first
ALIVE, BUYS = "p_alive", "p_buys"
FEWEST = 30  # buyers, and others: with fewer an interval is as wide as what it should tell apart


@dataclass(frozen=True)
class Origin:
    """What was told at one instant, and what came.

    Attributes:
        at: the instant.
        customers, repeat_buyers: looked at, who had paid by then.
        bought: share of the customers who bought within the horizon.
        areas, repeat_areas: of every score, of all customers and of those with repeat purchases (None: too few).
        calls: by rule: shares of customers called dormant, of the dormant who bought, of the awake who bought.
        calibration: of the chance to buy; empty where no model was learned.
        brier: of the chance to buy, and of telling everybody the share; None likewise.
        learned: by rule, what it was learned to go by.
        missing: by rule, why there is no such thing.
    """

    at: datetime
    customers: int
    repeat_buyers: int
    bought: float
    areas: Areas
    repeat_areas: Areas | None
    calls: dict[str, tuple[float, float, float]]
    calibration: list[dict[str, Any]]
    brier: tuple[float, float] | None
    learned: dict[str, dict[str, Any]]
    missing: dict[str, str]


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
    learned, missing = _learned(tx, shop, at, known, dormancy)
    scores = _scores(known, learned, dormancy)
    # Nothing above this line has seen what came.
    later = histories.buyers(tx, shop=shop, after=at, until=at + dormancy.horizon, as_of=known_at)
    bought = np.isin(known.numbers, later)
    _measurable(bought, at, dormancy)
    repeats = known.histories.repeats > 0
    chance = scores.get(BUYS)
    return Origin(
        at,
        len(bought),
        int(repeats.sum()),
        float(bought.mean()),
        areas(scores, bought),
        _of_repeat_buyers(scores, bought, repeats),
        {name: _calls(scores[name] <= -1, bought) for name in RULES if name in scores},
        calibration(chance, bought) if chance is not None else [],
        brier(chance, bought) if chance is not None else None,
        learned,
        missing,
    )


def winner(origins: Sequence[Origin]) -> tuple[str, dict[str, dict[str, float]]]:
    """The rule that told best, over all origins, and by rule its mean area, 95 % interval and lead over `fixed`.

    A rule takes the place of a simpler one only where its lead lies above 0 with its whole 95 % interval. Origins share
    customers, so standard errors are averaged and not made smaller by their number.
    """
    told = {name: _mean(name, origins) for name in (*RULES, BUYS, ALIVE) if all(name in o.areas.names for o in origins)}
    best = FIXED
    for name in RULES[1:]:
        if name in told and _lead(name, best, origins)[1] > 0:
            best = name
    return best, told


def _learned(
    tx: Transaction, shop: Shop, at: datetime, known: histories.Known, dormancy: Dormancy
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    learned: dict[str, dict[str, Any]] = {}
    missing: dict[str, str] = {}
    try:
        lifetime.enough(known.histories, dormancy.min_customers, dormancy.min_repeat_buyers)
        rhythm = histories.rhythm(tx, shop=shop, as_of=at)
        learned[RHYTHM] = rhythm.body() if rhythm else {}
        learned[LIFETIME] = lifetime.fit(known.histories).body()
    except NotLearned as error:
        missing = {name: error.thing for name in RULES[1:] if name not in learned}
    return learned, missing


def _scores(known: histories.Known, learned: dict[str, dict[str, Any]], dormancy: Dormancy) -> dict[str, Numbers]:
    """Of each customer, high where a purchase is expected; of a rule minus silence as a share of what it allows."""
    scores = {}
    for name in (FIXED, *learned):
        rules = {**configured(dormancy), "rule": name, **(parameters(name, learned[name]) if name in learned else {})}
        pairs = zip(known.histories.span.tolist(), known.histories.repeats.tolist(), strict=True)
        allowed = np.array([silence_allowed(int(span), int(repeats), rules) for span, repeats in pairs])
        scores[name] = -known.silence * DAY / allowed
    if LIFETIME in learned:
        model = lifetime.Lifetime(**learned[LIFETIME])
        scores[BUYS] = model.buys_within(known.histories, dormancy.horizon.total_seconds() / DAY)
        scores[ALIVE] = model.alive(known.histories)
    return scores


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


def _calls(dormant: Flags, bought: Flags) -> tuple[float, float, float]:
    of_dormant, of_awake = (float(bought[some].mean()) if some.any() else 0.0 for some in (dormant, ~dormant))
    return float(dormant.mean()), of_dormant, of_awake


def _mean(name: str, origins: Sequence[Origin]) -> dict[str, float]:
    area = float(np.mean([one.areas.values[one.areas.names.index(name)] for one in origins]))
    error = float(np.mean([one.areas.error(name) for one in origins]))
    lead, least = _lead(name, FIXED, origins)
    return {"auc": area, "low": area - Z * error, "high": area + Z * error, "lead": lead, "lead_at_least": least}


def _lead(name: str, other: str, origins: Sequence[Origin]) -> tuple[float, float]:
    leads = np.array([one.areas.difference(name, other) for one in origins])
    return float(leads[:, 0].mean()), float(leads[:, 0].mean() - Z * leads[:, 1].mean())
