"""Why they left: each cause at its boundary, the order of the configuration, what is not known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.sql.record.tag_facts import DAY, at, event, infer, purchase, refund, values

from touchpoint.db import Transaction

LAST = at("03-01")
SIXTY = LAST - 60 * DAY
TICK = timedelta(microseconds=1)


def bought(tx: Transaction, customer: str, *discounts: int | None) -> None:
    """Orders a month apart, the last one on the 1st of March; by default two at full price."""
    taken_off = discounts or (0, 0)
    for place, discount in enumerate(reversed(taken_off)):
        purchase(tx, customer, LAST - place * 30 * DAY, discount_minor=discount)


def test_who_has_no_cause_is_asleep_and_who_never_bought_is_nothing(tx: Transaction) -> None:
    bought(tx, "b")
    event(tx, "looker", "visit", LAST, 20)
    found = infer(tx, "leaving_cause")
    assert values(found) == {"b": "asleep"}
    assert (found["b"]["number"], found["b"]["evidence"], found["b"]["confidence"]) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "amount", "bits"),
    [("review", 2, 2), ("review", 3, None), ("late_parcel", 1, 4), ("late_parcel", 0, None), ("late_parcel", None, 4),
     ("complaint", None, 8), ("inquiry", None, None)],
)  # fmt: skip
def test_trouble_makes_unhappy(tx: Transaction, kind: str, amount: int | None, bits: int | None) -> None:
    bought(tx, "b")
    event(tx, "b", kind, LAST + 3 * DAY, amount)
    found = infer(tx, "leaving_cause")["b"]
    assert (found["value"], found["number"]) == ("unhappy" if bits else "asleep", bits)


def test_every_trouble_is_kept_with_the_cause(tx: Transaction) -> None:
    bought(tx, "b")
    refund(tx, "b", LAST + DAY)
    refund(tx, "b", LAST + 2 * DAY)
    event(tx, "b", "complaint", LAST + DAY)
    found = infer(tx, "leaving_cause")["b"]
    assert (found["value"], found["number"], found["evidence"]) == ("unhappy", 1 + 8, 3)
    (told,) = [row["told"] for row in _rows(tx, "SELECT record.trouble_words(9) AS told")]
    assert told == "refund, complaint"


@pytest.mark.parametrize(
    ("moment", "cause"), [(SIXTY, "asleep"), (SIXTY + TICK, "unhappy"), (LAST + 90 * DAY, "unhappy")]
)
def test_trouble_counts_from_sixty_days_before_the_last_order_on(tx: Transaction, moment: datetime, cause: str) -> None:
    bought(tx, "b")
    refund(tx, "b", moment)
    assert values(infer(tx, "leaving_cause", as_of=LAST + 90 * DAY)) == {"b": cause}


@pytest.mark.parametrize(
    ("discounts", "cause"),
    [((5, 5), "bargain_hunter"), ((5,), "asleep"), ((5, 0), "asleep"), ((5, None), "asleep"), ((None, None), "asleep")],
)
def test_a_bargain_hunter_never_paid_the_full_price(
    tx: Transaction, discounts: tuple[int | None, ...], cause: str
) -> None:
    bought(tx, "b", *discounts)
    assert values(infer(tx, "leaving_cause")) == {"b": cause}


def visited(tx: Transaction, *, times: int = 3, apart: float = 7, seconds: int | None = 59) -> None:
    bought(tx, "b")
    for place in range(times):
        event(tx, "b", "visit", LAST - 100 * DAY + place * apart * DAY, seconds)


@pytest.mark.parametrize(
    ("visits", "cause"),
    [
        ({}, "spoilt_for_choice"),
        ({"times": 2}, "asleep"),
        ({"times": 12}, "spoilt_for_choice"),
        ({"times": 13}, "asleep"),
        ({"apart": 6.9}, "asleep"),
        ({"seconds": 60}, "asleep"),
        ({"seconds": None}, "asleep"),
    ],
)
def test_spoilt_for_choice_is_few_scattered_short_visits(tx: Transaction, visits: dict[str, float], cause: str) -> None:
    visited(tx, **visits)
    found = infer(tx, "leaving_cause")["b"]
    assert found["value"] == cause
    if cause != "asleep":
        assert (found["number"], found["evidence"], found["out_of"]) == (
            7,
            visits.get("times", 3),
            visits.get("times", 3),
        )


def test_the_first_cause_of_the_configuration_speaks_and_one_left_out_never_does(tx: Transaction) -> None:
    visited(tx)
    bought(tx, "c", 5, 5)
    for customer in ("b", "c"):
        refund(tx, customer, LAST)
    order = ["bargain_hunter", "spoilt_for_choice", "unhappy"]
    assert values(infer(tx, "leaving_cause")) == {"b": "unhappy", "c": "unhappy"}
    assert values(infer(tx, "leaving_cause", rules={"causes": order})) == {
        "b": "spoilt_for_choice",
        "c": "bargain_hunter",
    }
    assert values(infer(tx, "leaving_cause", rules={"causes": ["bargain_hunter"]})) == {
        "b": "asleep",
        "c": "bargain_hunter",
    }


def _rows(tx: Transaction, query: str) -> list[dict[str, object]]:
    from tests.sql.decide.building import rows

    return rows(tx, query)
