"""BG/NBD and gamma-gamma against the figures they were published with, and against data made by known parameters."""

import csv
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from touchpoint.learning import lifetime, spend
from touchpoint.learning.lifetime import Histories, Lifetime, NotLearned

CDNOW = Lifetime(0.243, 4.414, 0.793, 2.426)


def sample(name: str) -> list[dict[str, str]]:
    """A data set that comes in the package `lifetimes`; the package itself is not imported."""
    found = find_spec("lifetimes")
    assert found is not None
    assert found.origin is not None
    with (Path(found.origin).parent / "datasets" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def oracle() -> Any:
    """The package `lifetimes`, which warns about its own age when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes
    return lifetimes


def simulated(count: int, model: Lifetime, seed: int, *, last_day: int = 700) -> tuple[Histories, Any]:
    """Customers of a shop that opened on day 0, as of `last_day`; and purchase days in the 90 days after it."""
    chance = np.random.default_rng(seed)
    rates = chance.gamma(model.r, 1 / model.alpha, count)
    leaving = chance.beta(model.a, model.b, count)
    rows, later = [], []
    for first, rate, leaves in zip(chance.integers(0, last_day, count), rates, leaving, strict=True):
        time, days, after = 0.0, set(), 0
        while rate > 0 and (time := time + chance.exponential(1 / rate)) <= last_day - first + 90:
            if time <= last_day - first:
                days.add(int(np.ceil(time)))
            else:
                after += 1
            if chance.random() < leaves:
                break
        rows.append((len(days), max(days, default=0), last_day - first, 1))
        later.append(after)
    return Histories.of(rows), np.array(later)


def test_bg_nbd_gives_the_parameters_published_for_cdnow() -> None:
    known = Histories.of(
        (float(row["frequency"]), float(row["recency"]), float(row["T"]), 1.0)
        for row in sample("cdnow_customers_summary")
    )
    assert known.total == 2357
    model = lifetime.fit(known)
    found = [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)]
    assert found == [0.243, 4.414, 0.793, 2.426]
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_customers_counted_together_give_the_same_as_one_by_one() -> None:
    rows = [(float(x), float(5 * x), 40.0, 1.0) for x in (0, 0, 0, 0, 0, 1, 1, 2, 4, 6)] + [(1.0, 3.0, 40.0, 1.0)] * 4
    together = {row: rows.count(row) for row in rows}
    one_by_one = lifetime._cost(np.zeros(4), Histories.of(rows))
    counted = lifetime._cost(np.zeros(4), Histories.of((*row[:3], number) for row, number in together.items()))
    assert counted[0] == pytest.approx(one_by_one[0])
    assert counted[1] == pytest.approx(one_by_one[1])


def test_gamma_gamma_gives_the_parameters_published_for_cdnow() -> None:
    rows = [row for row in sample("cdnow_customers_summary_with_transactions") if float(row["zbar"]) > 0]
    repeats, mean = (np.array([float(row[name]) for row in rows]) for name in ("x", "zbar"))
    model = spend.fit(repeats, mean)
    assert [round(model.p, 2), round(model.q, 2), round(model.v, 2)] == [6.25, 3.74, 15.45]
    assert model.q == pytest.approx(3.74, abs=0.005)
    assert model.v == pytest.approx(15.44, abs=0.01), "published as 15.44"
    assert (model.customers, round(model.mean, 2)) == (946, 35.17)
    assert model.expected(np.array([0.0, 1e9]), np.array([0.0, 50.0])) == pytest.approx([model.mean, 50.0])


def test_chances_and_expectations_are_those_of_the_package_lifetimes(oracle: Any) -> None:
    chance = np.random.default_rng(7)
    for parameters in (*chance.uniform(0.1, 5, (40, 4)), (0.243, 30.9, 0.793, 2.426)):
        age = chance.uniform(1, 200, 50)
        repeats = chance.integers(0, 40, 50).astype(float)
        known = Histories(repeats, np.where(repeats > 0, age * chance.uniform(0, 1, 50), 0), age, np.ones(50))
        model, theirs = Lifetime(*parameters), oracle.BetaGeoFitter()
        theirs.params_ = dict(zip(("r", "alpha", "a", "b"), parameters, strict=True))
        alive = theirs.conditional_probability_alive(repeats, known.span, age)
        assert model.alive(known) == pytest.approx(alive, rel=1e-9)
        expected = theirs.conditional_expected_number_of_purchases_up_to_time(30, repeats, known.span, age)
        assert model.expected(known, 30) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_expected_orders_are_finite_for_the_heaviest_buyers_and_smooth_where_the_formula_divides_by_zero() -> None:
    heavy = Histories.of([(900, 990, 1000, 1)])
    assert 0 < CDNOW.expected(heavy, 30)[0] < 40
    known = Histories.of([(3, 20, 40, 1)])
    near = [Lifetime(0.5, 10, a, 2).expected(known, 52)[0] for a in (0.999, 1.0, 1.001)]
    assert near[0] > near[1] > near[2]
    assert near[0] == pytest.approx(near[2], rel=0.01)


def test_expected_orders_are_told_where_everybody_is_as_likely_to_leave() -> None:
    """A shop whose customers differ in nothing but luck: a and b run into the thousands, and the formula overflows."""
    known = Histories.of((x, 0 if x == 0 else span, span + 40, 1) for x in (0, 1, 3, 40) for span in (90, 500))
    alike = Lifetime(0.511, 40.8, 3310.0, 9900.0)
    leaves, ahead = 3310 / 13_210, 90 / (40.8 + known.age)
    limit = alike.alive(known) * (1 - (1 + leaves * ahead) ** -(0.511 + known.repeats)) / leaves
    assert alike.expected(known, 90) == pytest.approx(limit, rel=5e-3)
    for a, b in ((0.5, 0.5), (1.5, 3.0), (7.0, 100.0), (100.0, 100.0)):
        model, beside = Lifetime(0.5, 0.3, a, b), Lifetime(0.5, 0.3, a * 1.0001, b)
        told = model.expected(known, 90)
        assert np.isfinite(told).all()
        assert told == pytest.approx(beside.expected(known, 90), rel=2e-3)


def test_known_parameters_are_found_again_and_chances_come_true() -> None:
    true = Lifetime(0.8, 60.0, 0.5, 3.0)
    known, later = simulated(8_000, true, seed=4)
    found = lifetime.fit(known)
    assert found.r == pytest.approx(true.r, rel=0.1)
    assert found.alpha == pytest.approx(true.alpha, rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(true.a / (true.a + true.b), rel=0.15)
    chance = found.buys_within(known, 90)
    for part in np.array_split(np.argsort(chance), 5):
        assert chance[part].mean() == pytest.approx((later[part] > 0).mean(), abs=0.03)
    assert found.expected(known, 90).sum() == pytest.approx(later.sum(), rel=0.05)


def test_nobody_leaves_is_an_answer_and_not_a_failure() -> None:
    known, _ = simulated(2_000, Lifetime(0.8, 60.0, 1e-4, 1e4), seed=1)
    found = lifetime.fit(known)
    assert found.a / (found.a + found.b) < 0.01
    assert found.alive(known).mean() > 0.98


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(1, 5, 30, 9)] * 3, "27 customers, 100 needed"),
        ([(0, 0, 30, 500), (1, 5, 30, 9)], "9 customers who bought on two days, 50 needed"),
        # All buy every day: one rate, whatever its spread.
        ([(30, 30, 30, 500)], "no maximum"),
    ],
)
def test_too_little_data_or_data_without_a_maximum_is_refused(rows: list[Any], told: str) -> None:
    with pytest.raises(NotLearned, match=told):
        lifetime.fit(Histories.of(rows), min_customers=100, min_repeat_buyers=50)


def test_an_amount_without_a_mean_is_refused() -> None:
    chance = np.random.default_rng(3)
    wild = chance.pareto(0.5, 4000) + 0.01  # has no mean either
    with pytest.raises(NotLearned, match="no mean"):
        spend.fit(np.ones(4000), wild)
    with pytest.raises(NotLearned, match="2 customers"):
        spend.fit(np.ones(2), np.array([1.0, 2.0]), min_customers=100)


def test_amounts_made_by_known_parameters_give_them_again() -> None:
    chance = np.random.default_rng(8)
    repeats = chance.integers(1, 12, 20_000)
    scale = chance.gamma(4.0, 1 / 20.0, 20_000)
    mean = chance.gamma(5.0 * repeats, 1 / scale) / repeats
    found = spend.fit(repeats.astype(float), mean)
    assert (found.p, found.q, found.v) == pytest.approx((5.0, 4.0, 20.0), rel=0.1)
    assert abs(found.correlation) < 0.05
