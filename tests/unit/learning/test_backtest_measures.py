"""How well a score told who would buy: areas, intervals, calibration, the median gap."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchpoint.learning.measures import areas, brier, calibration
from touchpoint.learning.rhythm import Rhythm, median_gap


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=4, max_size=30))
def test_an_area_is_the_share_of_pairs_in_which_the_buyer_scores_above(rows: list[tuple[int, bool]]) -> None:
    bought = np.array([did for _, did in rows])
    if not 2 <= bought.sum() <= len(rows) - 2:
        return
    score = np.array([float(value) for value, _ in rows])
    pairs = [(one > other) + (one == other) / 2 for one, other in product(score[bought], score[~bought])]
    found = areas({"one": score, "against": -score}, bought)
    assert found.of("one") == pytest.approx(np.mean(pairs))
    assert found.of("against") == pytest.approx(1 - np.mean(pairs))


def test_intervals_hold_the_truth_as_often_as_they_say_and_correlated_scores_are_told_apart_better() -> None:
    chance = np.random.default_rng(11)
    held, errors = 0, []
    for _ in range(300):
        bought = chance.random(150) < 0.4
        good = chance.normal(bought * 1.0, 1)
        worse = good + chance.normal(0, 0.8, 150)
        found = areas({"good": good, "worse": worse}, bought)
        # Two normals one apart: the area is Phi(1 / sqrt 2).
        held += abs(found.of("good") - 0.7602) <= 1.96 * found.error("good")
        lead, error = found.difference("good", "worse")
        errors.append((lead, error, np.hypot(found.error("good"), found.error("worse"))))
    assert 0.91 <= held / 300 <= 0.985
    leads, told, apart = np.array(errors).T
    assert told.mean() == pytest.approx(leads.std(), rel=0.15)
    assert told.mean() < 0.8 * apart.mean()


def test_calibration_and_brier_are_what_they_are_called() -> None:
    chance = np.array([0.1, 0.9, 0.1, 0.9])
    bought = np.array([False, True, True, True])
    assert brier(chance, bought) == pytest.approx(((0.01 + 0.01 + 0.81 + 0.01) / 4, 0.75 * 0.25))
    assert calibration(chance, bought, parts=2) == [
        {"part": 1, "customers": 2, "predicted": 0.1, "bought": 0.5},
        {"part": 2, "customers": 2, "predicted": 0.9, "bought": 1.0},
    ]


def test_open_gaps_make_the_median_longer_as_long_as_they_last() -> None:
    closed = [(10, False, 3), (20, False, 2), (30, False, 1)]
    assert median_gap(closed) == Rhythm(10, is_closed_only=False, closed=6, open=0)
    # By hand: at 10 days 3 of 12 closed (0.75); 2 open left at 15; at 20 days 2 of 7 closed (0.536); at 30, 1 of 5.
    found = median_gap([*closed, (15, True, 2), (40, True, 4)])
    assert found == Rhythm(30, is_closed_only=False, closed=6, open=6)
    assert median_gap([*closed, (5, True, 6)]) == Rhythm(10, is_closed_only=False, closed=6, open=6), "gone too early"


def test_where_half_never_came_back_the_gaps_that_closed_speak() -> None:
    assert median_gap([(10, False, 3), (300, True, 20)]) == Rhythm(10, is_closed_only=True, closed=3, open=20)
    assert median_gap([(300, True, 20)]) is None
    assert median_gap([]) is None
