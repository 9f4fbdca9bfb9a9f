"""Kaplan-Meier in SQL: a published example, and a plain Python estimate for anything else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from touchpoint.db import Transaction
from touchpoint.learning import curves

REMISSION = [(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1), (17, 0),
             (19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]  # fmt: skip
"""Weeks of remission of 21 leukaemia patients under 6-MP, 0 = censored: E. A. Freireich et al., Blood 21 (1963)."""
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
"""Their Kaplan-Meier estimate, as D. G. Kleinbaum and M. Klein, Survival Analysis (3rd ed., 2012), table 2.2."""


@dataclass(frozen=True)
class Watched:
    outer: str
    inner: str
    age: int
    is_event: bool
    closes: int | None = None


def observe(tx: Transaction, watched: list[Watched]) -> None:
    tx.do("learn/forget_observations")
    tx.connection.exec_driver_sql(
        "CREATE TEMPORARY TABLE observations (outer_key text, inner_key text, age bigint, is_event boolean, "
        "closes bigint) ON COMMIT DROP"
    )
    for one in watched:
        tx.connection.exec_driver_sql(
            "INSERT INTO observations VALUES (%s, %s, %s, %s, %s)",
            (one.outer, one.inner, one.age, one.is_event, one.closes),
        )


def survival_at(watched: list[Watched], age: int, *, of_losses: bool = False) -> float:
    """The product-limit estimate straight from its definition, one subject after another."""
    share = 1.0
    for time in sorted({one.age for one in watched if one.age <= age}):
        at_risk = sum(one.age >= time for one in watched)
        events = sum(one.age == time and one.is_event for one in watched)
        losses = sum(one.age == time and not one.is_event for one in watched)
        if of_losses:
            share *= 1 - losses / (at_risk - events) if losses else 1
        else:
            share *= 1 - events / at_risk
    return share


def unresolved(watched: list[Watched], horizon: int, sample: int) -> float:
    """What had not got there yet when fewer than the sample were watched; 0 if that was not before the horizon."""
    enough = [
        age
        for age in {one.age for one in watched if one.age <= horizon}
        if survival_at(watched, age, of_losses=True) * len(watched) >= sample - 1e-9
    ]
    if survival_at(watched, horizon - 1, of_losses=True) * len(watched) >= sample - 1e-9:
        return 0
    return min((survival_at(watched, age) for age in enough), default=1)


def of_group(watched: list[Watched], curve: curves.Curve) -> list[Watched]:
    return [one for one in watched if curve.outer in (None, one.outer) and curve.inner in (None, one.inner)]


def test_the_published_curve_of_remission_times_comes_out(tx: Transaction) -> None:
    observe(tx, [Watched("6-MP", "", weeks, bool(event)) for weeks, event in REMISSION])
    [everybody, outer] = curves.draw(tx, shares=[0.5], ages=sorted(PUBLISHED), sample=1, closes=35)
    assert (everybody.outer, everybody.breadth, outer.outer, outer.breadth) == (None, curves.ALL, "6-MP", curves.OUTER)
    for curve in (everybody, outer):
        assert [round(1 - share, 3) for share in curve.arrived_by] == pytest.approx(list(PUBLISHED.values()), abs=6e-4)
        assert (curve.observed, curve.events, curve.horizon) == (21, 9, 35)
        assert curve.arrived == pytest.approx(1 - 0.448, abs=6e-4)
        assert curve.reached_at == (13,), "half of those who relapse, not of all"


def test_what_nobody_knows_makes_no_group_and_counts_in_the_wider_ones(tx: Transaction) -> None:
    observe(tx, [Watched("app", "card", 1, True), Watched("app", "", 2, True), Watched("", "card", 3, True)])
    drawn = {(c.outer, c.inner): c.observed for c in curves.draw(tx, shares=[0.5], ages=[1], sample=1, closes=9)}
    assert drawn == {(None, None): 3, (None, "card"): 2, ("app", None): 2, ("app", "card"): 1}


def test_keys_with_signs_in_them_are_kept_apart(tx: Transaction) -> None:
    observe(tx, [Watched("a|b", "c", 1, True), Watched("a", "b|c", 2, False)])
    drawn = {(c.outer, c.inner): c.events for c in curves.draw(tx, shares=[0.5], ages=[1], sample=1, closes=9)}
    assert (drawn["a|b", "c"], drawn["a", "b|c"]) == (1, 0)


def test_observations_in_another_order_have_the_same_hash_and_others_have_not(tx: Transaction) -> None:
    some = [Watched("app", "card", 1, True), Watched("app", "card", 1, True), Watched("web", "", 2, False)]
    hashes = []
    for watched in (some, some[::-1], some[1:]):
        observe(tx, watched)
        hashes.append(curves.observed(tx))
    assert hashes[0] == hashes[1]
    assert hashes[0][0] == 3
    assert hashes[2] != hashes[0]


WATCHED = st.lists(
    st.builds(
        Watched,
        outer=st.sampled_from(["app", "web", ""]),
        inner=st.sampled_from(["card", "boleto", ""]),
        age=st.integers(0, 12),
        is_event=st.booleans(),
        closes=st.integers(3, 9) | st.none(),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(watched=WATCHED)
def test_any_ages_ties_and_censorings_give_the_curve_of_a_plain_estimate(
    tx: Transaction, watched: list[Watched]
) -> None:
    observe(tx, watched)
    ages = list(range(-1, 14))
    drawn = curves.draw(tx, shares=[0.9, 0.5], ages=ages, sample=4, closes=8)
    known = {(o, i) for one in watched for o in {None, one.outer} for i in {None, one.inner}} - {("", "")}
    assert {(c.outer, c.inner) for c in drawn} == {(o, i) for o, i in known if o != "" and i != ""}
    for curve in drawn:
        group = of_group(watched, curve)
        assert curve.arrived_by == pytest.approx([1 - survival_at(group, age) for age in ages], abs=1e-9)
        assert curve.observed == len(group)
        assert curve.events == sum(one.is_event and one.age <= curve.horizon for one in group)
        known = sorted(one.closes for one in group if one.closes is not None)
        told = [known[-(-len(known) * part // 100) - 1] for part in (50, 95)] if len(known) >= 20 else [8, 8]
        assert [curve.closes, curve.horizon] == told
        assert curve.arrived == pytest.approx(1 - survival_at(group, curve.horizon), abs=1e-9)
        still = survival_at(group, curve.horizon - 1, of_losses=True) * len(group)
        assert curve.watched in (int(still + 1e-6), int(still - 1e-6))
        assert curve.unresolved == pytest.approx(unresolved(group, curve.horizon, 4), abs=1e-9)
        for share, age in zip((0.9, 0.5), curve.reached_at, strict=True):
            reaching = [
                a for a in range(curve.horizon + 1) if 1 - survival_at(group, a) >= share * curve.arrived - 1e-6
            ]
            assert age == (reaching[0] if curve.arrived else None)
