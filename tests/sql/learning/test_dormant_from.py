"""record.dormant_from against a plain reading of the rules, and the chances in SQL against those in Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import exp, log, log1p
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from tests.sql.decide.building import rows

from touchpoint.db import Database, Json, Transaction
from touchpoint.learning.lifetime import Histories, Lifetime

DAY = 86400
PAID = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
RULES = {
    "rule": "fixed",
    "fixed_after": 180 * DAY,
    "least": 30 * DAY,
    "most": 720 * DAY,
    "horizon": 90 * DAY,
    "factor": 3.0,
    "prior_weight": 1.0,
}
ASKED = """
SELECT place, record.dormant_from(20000, 20000 + span, %(paid)s::timestamptz, repeats + 1, %(rules)s::jsonb) AS found
FROM unnest(%(spans)s::int[], %(repeats)s::int[]) WITH ORDINALITY AS asked (span, repeats, place) ORDER BY place
"""
CHANCES = """
SELECT
    record.alive(repeats, span, age, %(model)s::jsonb) AS alive,
    record.buys_within(repeats, span, age, 90, %(model)s::jsonb) AS buys
FROM unnest(%(repeats)s::int[], %(spans)s::float8[], %(ages)s::float8[]) WITH ORDINALITY
AS asked (repeats, span, age, place) ORDER BY place
"""
parameters = st.fixed_dictionaries(
    {"r": st.floats(0.05, 4), "alpha": st.floats(2, 400), "a": st.floats(1e-4, 5), "b": st.floats(0.2, 20)}
)
histories = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 1500)), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def tx(server: Any) -> Iterator[Transaction]:
    server.create_database("test_dormant_from", template="template_touchpoint")
    database = Database(server.url("test_dormant_from"))
    with database.transaction() as transaction:
        yield transaction
    database.close()


def days_allowed(tx: Transaction, known: list[tuple[int, int]], rules: dict[str, Any]) -> list[float]:
    """Days of silence until dormancy, from SQL, of rows of repeats and span."""
    values = {"spans": [span if repeats else 0 for repeats, span in known], "repeats": [one for one, _ in known]}
    found = rows(tx, ASKED, paid=PAID, rules=Json(rules), **values)
    return [(row["found"] - PAID) / timedelta(days=1) for row in found]


def buys(repeats: int, span: float, age: float, rules: dict[str, Any]) -> float:
    """The chance to buy within the horizon, written down once more from the paper, in plain numbers."""
    r, alpha, a, b = (rules[name] for name in ("r", "alpha", "a", "b"))
    later = exp(-(r + repeats) * log1p(rules["horizon"] / DAY / (alpha + age)))
    if not repeats:
        return 1 - later
    odds = log(a / (b + repeats - 1)) + (r + repeats) * log((alpha + age) / (alpha + span))
    return (1 - later) / (1 + exp(min(odds, 600)))


def plainly(repeats: int, span: int, rules: dict[str, Any]) -> float:
    """Days of silence until dormancy: the root of the chance, found by bisection."""

    def above(silence: float) -> float:
        return buys(repeats, span, span + silence, rules) - rules["buys_below"]

    least, most = rules["least"] / DAY, rules["most"] / DAY
    if above(least) <= 0:
        return least
    return most if above(most) >= 0 else float(brentq(above, least, most, xtol=1e-9))


def test_fixed_is_the_last_payment_and_a_while_and_nobody_without_one_is_dormant(tx: Transaction) -> None:
    assert days_allowed(tx, [(0, 0), (5, 100)], RULES) == [180, 180]
    nobody = rows(tx, "SELECT record.dormant_from(NULL, NULL, NULL, NULL, %(rules)s::jsonb) AS at", rules=Json(RULES))
    assert nobody == [{"at": None}]


@given(histories, st.floats(0.1, 20), st.floats(1, 200), st.floats(0.1, 10))
def test_rhythm_is_so_many_expected_gaps_within_bounds(
    tx: Transaction, known: list[tuple[int, int]], factor: float, population: float, weight: float
) -> None:
    rules = {
        **RULES, "rule": "rhythm", "factor": factor, "population_gap": population * DAY, "prior_weight": weight,
    }  # fmt: skip
    for (repeats, span), found in zip(known, days_allowed(tx, known, rules), strict=True):
        gap = (weight * population + (span if repeats else 0)) / (weight + repeats)
        assert found == pytest.approx(min(720, max(30, factor * gap)), rel=1e-9)


@given(histories, parameters, st.floats(0.01, 0.9))
def test_lifetime_is_when_the_chance_to_buy_falls_to_its_bound(
    tx: Transaction, known: list[tuple[int, int]], model: dict[str, float], below: float
) -> None:
    rules = {**RULES, **model, "rule": "lifetime", "buys_below": below}
    for (repeats, span), found in zip(known, days_allowed(tx, known, rules), strict=True):
        assert found == pytest.approx(plainly(repeats, span if repeats else 0, rules), rel=1e-6, abs=1e-6)


@given(st.tuples(st.integers(0, 60), st.integers(1, 1500)), parameters)
def test_the_lower_the_bound_the_longer_the_silence(
    tx: Transaction, known: tuple[int, int], model: dict[str, float]
) -> None:
    bounds = (1e-6, 0.001, 0.05, 0.3, 0.6, 0.99)
    found = [
        days_allowed(tx, [known], {**RULES, **model, "rule": "lifetime", "buys_below": below})[0] for below in bounds
    ]
    assert found == sorted(found, reverse=True)


def test_the_heaviest_buyers_and_the_strangest_parameters_overflow_nothing(tx: Transaction) -> None:
    known = [(0, 0), (1, 1), (1, 5000), (3000, 3000), (3000, 9000)]
    for model in ({"a": 1e-4, "b": 1e4}, {"a": 1e4, "b": 1e-4}, {"a": 1e-4, "b": 1e-4}, {"a": 1e4, "b": 1e4}):
        for r in (1e-4, 1e4):
            for below in (1e-6, 0.5, 1 - 1e-6):
                rules = {**RULES, **model, "rule": "lifetime", "r": r, "alpha": 30, "buys_below": below}
                assert all(30 <= days <= 720 for days in days_allowed(tx, known, rules))


@given(histories, st.integers(0, 2000), parameters)
def test_chances_in_sql_are_those_in_python(
    tx: Transaction, known: list[tuple[int, int]], silence: int, model: dict[str, float]
) -> None:
    repeats = [one for one, _ in known]
    spans = [float(span if one else 0) for one, span in known]
    ages = [span + silence for span in spans]
    told = Lifetime(**model)
    past = Histories.of(zip(repeats, spans, ages, [1] * len(known), strict=True))
    found = rows(tx, CHANCES, repeats=repeats, spans=spans, ages=ages, model=Json(model))
    assert [row["alive"] for row in found] == pytest.approx(told.alive(past), rel=1e-9, abs=1e-100)
    assert [row["buys"] for row in found] == pytest.approx(told.buys_within(past, 90), rel=1e-9, abs=1e-100)


def test_rules_are_worked_out_once_and_not_for_each_customer(tx: Transaction) -> None:
    """Where the planner cannot put the functions into the statement, a million customers take a minute."""
    rules = {**RULES, "rule": "rhythm", "population_gap": 40 * DAY}
    plan = rows(
        tx,
        "EXPLAIN (VERBOSE) SELECT record.dormant_from(first_day, last_day, last_paid_at, purchase_days,"
        " %(rules)s::jsonb) FROM record.customer_features",
        rules=Json(rules),
    )
    told = " ".join(row["QUERY PLAN"] for row in plan)
    assert "dormant_from" not in told
    assert "population_gap" not in told
