"""Which rule of dormancy holds after a backtest: the one that held, unless another one beats it beyond chance."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from math import erf

import numpy as np
import pytest
from scipy.stats import rankdata

from touchpoint.learning.backtest import RULES, Origin
from touchpoint.learning.measures import Areas, areas
from touchpoint.learning.verdict import judge

ERROR = 0.01
"""Standard error of every area. They are not correlated, so a lead is told from 0 above 1.96 * sqrt 2 of it: 0.0277."""


def origin(fixed: float, rhythm: float, lifetime: float | None) -> Origin:
    """An origin of those areas; None where no model could be fitted."""
    told = {"fixed": fixed, "rhythm": rhythm, "lifetime": lifetime}
    there = {name: area for name, area in told.items() if area is not None}
    measured = Areas(tuple(there), np.array(list(there.values())), np.eye(len(there)) * ERROR**2)
    return Origin(datetime(2026, 1, 1, tzinfo=UTC), 9, 9, 0.5, measured, None, {}, [], None, {}, {}, "")


@pytest.mark.parametrize(
    ("told", "holds", "winner"),
    [
        ((0.70, 0.60, 0.72), "fixed", "fixed"),  # a lead by chance changes nothing ...
        ((0.70, 0.60, 0.72), "lifetime", "lifetime"),
        ((0.72, 0.60, 0.70), "lifetime", "lifetime"),  # ... nor does it the other way round,
        ((0.70, 0.60, 0.74), "fixed", "lifetime"),  # one beyond chance does
        ((0.74, 0.60, 0.70), "lifetime", "fixed"),
        ((0.70, 0.74, 0.75), "fixed", "rhythm"),  # of two that win, the simpler one
        ((0.70, 0.74, 0.78), "fixed", "lifetime"),  # unless the other beats it as well
        ((0.70, 0.76, 0.72), "lifetime", "rhythm"),
        ((0.70, 0.60, None), "lifetime", "fixed"),  # nothing is known of the rule that held
        ((0.70, 0.74, None), "lifetime", "rhythm"),
    ],
)
def test_the_rule_that_holds_stays_unless_another_beats_it_beyond_chance(
    told: tuple[float, float, float | None], holds: str, winner: str
) -> None:
    found, measured = judge([origin(*told)], holds)
    assert found == winner
    assert set(measured) == {name for name, area in zip(RULES, told, strict=True) if area is not None}


def test_two_rules_about_as_good_do_not_take_turns() -> None:
    """Leads of weekly backtests, which wander about the bound as those of CDNOW do, for four years."""
    chance = np.random.default_rng(4)
    lead, holding, fresh = 0.028, ["fixed"], []
    for _ in range(208):
        lead = 0.028 + 0.9 * (lead - 0.028) + chance.normal(0, 0.004)
        week = [origin(0.70, 0.60, 0.70 + lead)]
        holding.append(judge(week, holding[-1])[0])
        fresh.append(judge(week)[0])
    turns = [sum(one != other for one, other in pairwise(found)) for found in (holding, fresh)]
    assert turns[1] > 10, "judged afresh each week, everybody's rule changes every few weeks"
    assert turns[0] == 1, "the first time it was told from chance"


def test_a_rule_that_is_as_good_takes_over_by_chance_as_seldom_as_the_interval_says() -> None:
    chance = np.random.default_rng(5)
    won = [judge([origin(*(0.7 + chance.normal(0, ERROR, 3)))])[0] != "fixed" for _ in range(1000)]
    assert np.mean(won) == pytest.approx(2 * (1 - erf(1.96 / 2**0.5)) / 2, abs=0.02)


def test_ranks_of_areas_are_those_of_scipy_ties_and_all() -> None:
    chance = np.random.default_rng(6)
    for ties in (3, 1000):
        score, bought = chance.integers(0, ties, 400).astype(float), chance.random(400) < 0.4
        buyers, others = int(bought.sum()), int((~bought).sum())
        above = (rankdata(score)[bought].sum() - buyers * (buyers + 1) / 2) / buyers / others
        assert areas({"one": score}, bought).of("one") == pytest.approx(above, rel=1e-12)
