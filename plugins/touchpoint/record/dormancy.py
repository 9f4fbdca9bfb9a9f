"""When silence becomes dormancy for a shop as of an instant: the rule, and the parameters in force there.

record.dormant_from (include/sql/schema/0021_lifetimes.sql) takes what `dormancy_rules` gives; `dormant_after` says the
same of one customer in Python. docs/lifetime.md has the formulas and where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import exp, log
from typing import Any

from touchpoint.db import Transaction
from touchpoint.record import learned
from touchpoint.settings import Dormancy, Segments, Shop

RHYTHM, LIFETIME, WINNER = "rhythm", "lifetime", "dormancy"
DAY = 86400.0


def dormancy_rules(tx: Transaction, shop: Shop, as_of: datetime, segments: Segments) -> dict[str, Any]:
    """The parameter p_rules of record.dormant_from: configuration, and what had been learned by `as_of`.

    Returns:
        `rule` that holds: fixed, rhythm or lifetime; `because`, why it does where configuration asks for another;
        `fixed_after`, `least`, `most`, `horizon`, `population_gap` in seconds; `factor`, `prior_weight`, `alive_below`;
        `r`, `alpha` (days), `a`, `b` of BG/NBD. What was not learned is absent.
    """
    asked = segments.dormancy.rule
    given = configured(segments.dormancy)
    because = ""
    if asked == "learned":
        winner = learned.in_force(tx, shop.id, WINNER, as_of)
        asked = winner.body["rule"] if winner else "fixed"
        because = "won the backtest" if winner else "no backtest kept yet"
    if asked != "fixed":
        found = learned.in_force(tx, shop.id, asked, as_of)
        if found is None:
            because, asked = f"{asked} not learned yet", "fixed"
        else:
            given.update(parameters(asked, found.body))
    return {**given, "rule": asked, "because": because}


def configured(dormancy: Dormancy) -> dict[str, Any]:
    """What configuration gives to p_rules, whatever the rule; durations in seconds."""
    durations = ("fixed_after", "least", "most", "horizon")
    numbers = ("factor", "prior_weight", "alive_below")
    return {
        **{name: getattr(dormancy, name).total_seconds() for name in durations},
        **{name: getattr(dormancy, name) for name in numbers},
    }


def parameters(rule: str, body: Mapping[str, Any]) -> dict[str, float]:
    """What a learned version gives to p_rules."""
    names = ("population_gap",) if rule == RHYTHM else ("r", "alpha", "a", "b")
    return {name: float(body[name]) for name in names}


def silence_allowed(span: int, repeats: int, rules: Mapping[str, Any]) -> float:
    """Seconds of silence until dormancy.

    Args:
        span: days from the first purchase day to the last.
        repeats: purchase days after the first.
        rules: as `dormancy_rules` gives them.
    """
    if rules["rule"] == RHYTHM:
        return _clamped(rules["factor"] * expected_gap(span, repeats, rules), rules)
    if rules["rule"] == LIFETIME:
        return _clamped(DAY * _silence_at_edge(span, repeats, rules), rules)
    return float(rules["fixed_after"])


def expected_gap(span: int, repeats: int, rules: Mapping[str, Any]) -> float:
    """Seconds expected between two purchase days: own gaps, and `prior_weight` gaps of the population."""
    weight = rules["prior_weight"]
    return float((weight * rules["population_gap"] + DAY * span) / (weight + repeats))


def _silence_at_edge(span: int, repeats: int, rules: Mapping[str, Any]) -> float:
    """Days of silence at which P(alive) is `alive_below`; of one-time buyers, see the comment of the SQL."""
    r, alpha, a, b = (rules[name] for name in ("r", "alpha", "a", "b"))
    below, horizon = rules["alive_below"], rules["horizon"] / DAY
    if repeats:
        growth = (log((1 / below - 1) / a) + log(b + repeats - 1)) / (r + repeats)
        return float((alpha + span) * (exp(min(20.0, max(-20.0, growth))) - 1))
    edge = exp(log(1 - below * (1 - exp(r * log(alpha / (alpha + horizon))))) / r)
    return float(edge * horizon / (1 - edge) - alpha)


def _clamped(seconds: float, rules: Mapping[str, Any]) -> float:
    return float(max(rules["least"], min(rules["most"], seconds)))
