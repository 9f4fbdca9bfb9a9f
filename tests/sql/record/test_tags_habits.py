"""When, where to and how a customer buys: boundaries of evidence, ties, what is not known."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from tests.sql.decide.building import rows
from tests.sql.record.tag_facts import AS_OF, DAY, at, infer, purchase, values

from touchpoint.db import Transaction
from touchpoint.settings import load_tags

WEDNESDAYS = ["03-04", "03-11", "03-18", "03-25", "04-01"]


def wilson(evidence: int, out_of: int) -> float:
    """Wilson (1927), as in any textbook."""
    z, p = 1.959963984540054, evidence / out_of
    middle = p + z * z / (2 * out_of)
    return (middle - z * math.sqrt(p * (1 - p) / out_of + z * z / (4 * out_of**2))) / (1 + z * z / out_of)


@pytest.mark.parametrize(("evidence", "out_of"), [(1, 1), (0, 7), (3, 3), (5, 8), (60, 100), (2311, 2311), (1, 10**7)])
def test_the_confidence_of_a_share_is_wilson_s_lower_bound(tx: Transaction, evidence: int, out_of: int) -> None:
    (found,) = rows(tx, f"SELECT record.wilson_low({evidence}, {out_of}) AS low")
    assert found["low"] == pytest.approx(wilson(evidence, out_of), abs=1e-12)


def test_no_share_has_no_confidence(tx: Transaction) -> None:
    query = (
        "SELECT record.wilson_low(0, 0) AS none, record.wilson_low(3, 2) AS more, record.wilson_low(NULL, 2) AS unknown"
    )
    assert rows(tx, query) == [{"none": None, "more": None, "unknown": None}]


def test_a_weekday_needs_five_orders_and_more_than_half_of_them(tx: Transaction) -> None:
    for day in WEDNESDAYS:
        purchase(tx, "always", at(day))
    for day in WEDNESDAYS[:4]:
        purchase(tx, "four_times", at(day))
    for day in [*WEDNESDAYS[:3], "03-05", "03-06", "03-07"]:
        purchase(tx, "half", at(day))
    for day in [*WEDNESDAYS[:3], "03-05", "03-06"]:
        purchase(tx, "three_of_five", at(day))
    found = infer(tx, "usual_weekday")
    assert values(found) == {"always": "wed", "three_of_five": "wed"}
    assert (found["always"]["evidence"], found["always"]["out_of"]) == (5, 5)
    assert found["three_of_five"]["confidence"] == pytest.approx(wilson(3, 5))


def test_every_weekday_has_its_name(tx: Transaction) -> None:
    monday = at("03-02")
    for place in range(7):
        for week in range(5):
            purchase(tx, str(place), monday + place * DAY + week * 7 * DAY)
    named = values(infer(tx, "usual_weekday"))
    assert [named[str(place)] for place in range(7)] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.mark.parametrize(
    ("hour", "part"),
    [(0, "night"), (5, "night"), (6, "morning"), (10, "morning"), (11, "noon"), (13, "noon"), (14, "afternoon"),
     (17, "afternoon"), (18, "evening"), (22, "evening"), (23, "night")],
)  # fmt: skip
def test_the_part_of_a_day_begins_at_its_hour_of_the_shop_s_clock(tx: Transaction, hour: int, part: str) -> None:
    for day in WEDNESDAYS:
        purchase(tx, "b", at(day, hour))
    assert values(infer(tx, "usual_hour")) == {"b": part}


def test_two_parts_of_the_day_that_hold_alike_are_no_habit(tx: Transaction) -> None:
    for place, day in enumerate([*WEDNESDAYS, "04-08"]):
        purchase(tx, "b", at(day, 8 if place % 2 else 20))
    assert infer(tx, "usual_hour") == {}
    purchase(tx, "b", at("04-09", 20))
    assert values(infer(tx, "usual_hour")) == {"b": "evening"}


def test_a_payday_holds_orders_of_several_months(tx: Transaction) -> None:
    for day in ("01-10", "02-15", "03-12", "04-11", "05-28"):
        purchase(tx, "paid_on_the_tenth", at(day))
    for day in ("01-10", "01-11", "01-12", "02-12", "02-13"):
        purchase(tx, "two_sales", at(day))
    for day in ("01-09", "02-16", "03-20", "04-11", "05-28"):
        purchase(tx, "any_day", at(day))
    for day in ("01-10", "02-11", "03-12", "04-20", "05-21"):
        purchase(tx, "three_of_five", at(day))  # not more than 0.6
    found = infer(tx, "payday")
    assert values(found) == {"paid_on_the_tenth": "10-15"}
    assert (found["paid_on_the_tenth"]["number"], found["paid_on_the_tenth"]["evidence"]) == (10, 4)


def test_months_of_a_payday_are_those_of_the_calendar(tx: Transaction) -> None:
    """Blocks of 30 days (from 01-07, 02-06 and 03-08 on) find three in the first, and two in the second."""
    for day in ("01-05", "01-06", "01-08", "02-07", "02-08"):
        purchase(tx, "two_months", at(day))
    for day in ("01-07", "01-08", "02-05", "03-05", "03-06"):
        purchase(tx, "three_months", at(day))
    assert values(infer(tx, "payday")) == {"three_months": "5-10"}


def test_a_payday_at_the_end_of_the_month_ends_with_it(tx: Transaction) -> None:
    for day in ("01-26", "01-30", "02-27", "03-30", "05-29"):
        purchase(tx, "b", at(day))
    assert values(infer(tx, "payday")) == {"b": "25-30"}
    found = infer(tx, "payday", rules={"days": 8})
    assert values(found) == {"b": "25-31"}, "said as the days there are"


def test_of_two_windows_that_hold_alike_the_earlier_one_is_the_payday(tx: Transaction) -> None:
    for day in ("01-10", "02-10", "03-10", "04-10", "05-10"):
        purchase(tx, "b", at(day))  # the 10th lies in 5-10 and in 10-15
    assert values(infer(tx, "payday")) == {"b": "5-10"}


def test_a_home_takes_two_orders_and_leaves_out_those_without_a_region(tx: Transaction) -> None:
    for day, region in (("03-01", "浙江省"), ("03-02", None), ("03-03", "浙江省"), ("03-04", "西藏自治区")):
        purchase(tx, "home", at(day), region=region)
    purchase(tx, "once", at("03-01"), region="浙江省")
    for day, region in (("03-01", "浙江省"), ("03-02", "西藏自治区")):
        purchase(tx, "two", at(day), region=region)
    found = infer(tx, "home_region")
    assert values(found) == {"home": "浙江省"}
    assert (found["home"]["evidence"], found["home"]["out_of"]) == (2, 3)


def test_a_device_takes_three_orders_that_name_one(tx: Transaction) -> None:
    for customer, devices in (
        ("phone", ["phone", "phone", "computer", None]),
        ("twice", ["phone", "phone"]),
        ("half", ["phone", "phone", "computer", "computer"]),
    ):
        for place, device in enumerate(devices):
            purchase(tx, customer, at("03-01") + place * DAY, device=device)
    assert values(infer(tx, "device")) == {"phone": "phone"}


def test_remote_is_what_the_shop_says_and_half_is_neither(tx: Transaction) -> None:
    for customer, regions in (
        ("far", ["西藏自治区", "西藏自治区", "浙江省"]),
        ("near", ["浙江省", "江苏省", None]),
        ("between", ["西藏自治区", "浙江省"]),
        ("unknown", [None, None]),
    ):
        for place, region in enumerate(regions):
            purchase(tx, customer, at("03-01") + place * DAY, region=region)
    assert values(infer(tx, "remote_area")) == {"far": "remote", "near": "near"}


def test_a_climate_joins_regions_and_leaves_out_those_off_the_map(tx: Transaction) -> None:
    for customer, regions in (
        ("north", ["黑龙江省", "吉林省", "广东省"]),
        ("abroad", ["Atlantis", "Atlantis"]),
        ("once", ["云南省", "Atlantis"]),
    ):
        for place, region in enumerate(regions):
            purchase(tx, customer, at("03-01") + place * DAY, region=region)
    found = infer(tx, "climate")
    assert values(found) == {"north": "severe_cold"}
    assert (found["north"]["evidence"], found["north"]["out_of"]) == (2, 3)


def test_a_shop_without_a_list_of_regions_has_no_remote_ones() -> None:
    from tests.sql.decide.building import make_shop

    tags = {tag.name: tag for tag in load_tags().all_of(make_shop(zone="Europe/London", currency="GBP"))}
    assert tags["remote_area"].unset == "regions"
    assert "remote_area" not in {tag.name for tag in load_tags().of(make_shop(zone="Europe/London", currency="GBP"))}


def test_a_window_leaves_out_what_lies_at_its_edge_and_the_future_is_not_seen(tx: Transaction) -> None:
    for day in WEDNESDAYS:
        purchase(tx, "b", at(day))
    first, last = at(WEDNESDAYS[0]), at(WEDNESDAYS[-1])
    assert values(infer(tx, "usual_weekday", as_of=last)) == {"b": "wed"}
    assert infer(tx, "usual_weekday", as_of=last - timedelta(microseconds=1)) == {}
    assert infer(tx, "usual_weekday", since=first) == {}
    assert values(infer(tx, "usual_weekday", since=first - timedelta(microseconds=1))) == {"b": "wed"}


def test_features_are_numbers_of_those_who_say(tx: Transaction) -> None:
    for place, discount in enumerate([500, 0, None, 500, None]):
        purchase(tx, "b", at("03-01") + place * DAY, discount_minor=discount, coupon_minor=None)
    purchase(tx, "silent", at("03-01"))
    purchase(tx, "silent", at("03-02"))
    found = infer(tx, "discount_share")
    assert list(found) == ["b"]
    assert (found["b"]["number"], found["b"]["evidence"], found["b"]["out_of"]) == (pytest.approx(2 / 3), 2, 3)
    assert found["b"]["value"] is None
    assert infer(tx, "coupon_share") == {}, "nobody says: not 0"


def test_what_is_given_back_is_at_most_all(tx: Transaction) -> None:
    from tests.sql.record.tag_facts import refund

    for customer in ("keeps", "returns", "more", "once"):
        for place in range(1 if customer == "once" else 2):
            purchase(tx, customer, at("03-01") + place * DAY)
    refund(tx, "returns", at("03-05"), 5_000)
    refund(tx, "more", at("03-05"), 90_000)
    found = infer(tx, "return_share", as_of=AS_OF)
    assert {customer: row["number"] for customer, row in found.items()} == {"keeps": 0, "returns": 0.25, "more": 1}
