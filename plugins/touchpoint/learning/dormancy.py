"""When silence becomes dormancy for a shop as of an instant: the rule, and the parameters in force there.

record.dormant_from (include/sql/schema/0021_lifetimes.sql) takes what `dormancy_rules` gives. docs/lifetime.md has the
formulas, and where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from touchpoint.db import Transaction
from touchpoint.learning.kept import Lessons
from touchpoint.settings import Dormancy, Segments, Shop

RHYTHM, LIFETIME, WINNER = "rhythm", "lifetime", "dormancy"
DAY = 86400.0


def dormancy_rules(tx: Transaction, shop: Shop, as_of: datetime, segments: Segments) -> dict[str, Any]:
    """The parameter p_rules of record.dormant_from: configuration, and what had been learned before `as_of`.

    Returns:
        `rule` that holds: fixed, rhythm or lifetime; `because`, why it does where configuration asks for another;
        `fixed_after`, `least`, `most`, `horizon`, `population_gap` in seconds; `factor`, `prior_weight`, `buys_below`;
        `r`, `alpha` (days), `a`, `b` of BG/NBD. What the rule does not need is absent.
    """
    lessons, asked = Lessons(tx, shop.id, as_of), segments.dormancy.rule
    given = configured(segments.dormancy)
    because = ""
    if asked == "learned":
        winner = lessons.version(WINNER)
        asked = winner.body["rule"] if winner else "fixed"
        because = "won the backtest" if winner else "no backtest kept yet"
    if asked != "fixed":
        found = lessons.version(asked)
        if found is None:
            because, asked = f"{asked} not learned yet", "fixed"
        else:
            given |= parameters(asked, found.body, segments.dormancy)
    return {**given, "rule": asked, "because": because}


def configured(dormancy: Dormancy) -> dict[str, Any]:
    """What configuration gives to p_rules, whatever the rule; durations in seconds."""
    durations = ("fixed_after", "least", "most", "horizon")
    return {
        **{name: getattr(dormancy, name).total_seconds() for name in durations},
        "factor": dormancy.factor,
        "prior_weight": dormancy.prior_weight,
    }


def parameters(rule: str, body: Mapping[str, Any], dormancy: Dormancy) -> dict[str, float]:
    """What a learned version gives to p_rules; a matched chance holds for the horizon it was learned for."""
    if rule == RHYTHM:
        return {"population_gap": body["population_gap"]}
    given = {name: body[name] for name in ("r", "alpha", "a", "b")}
    if dormancy.buys_below == "matched":
        return {**given, "horizon": body["horizon"], "buys_below": body["matched"]}
    return {**given, "buys_below": dormancy.buys_below}


def expected_gap(span: Any, repeats: Any, rules: Mapping[str, Any]) -> Any:
    """Seconds expected between two purchase days: own gaps, and `prior_weight` gaps of the population.

    Args:
        span: days from the first purchase day to the last; a number, or an array of them.
        repeats: purchase days after the first, likewise.
        rules: as `dormancy_rules` gives them.
    """
    weight = rules["prior_weight"]
    return (weight * rules["population_gap"] + DAY * span) / (weight + repeats)
