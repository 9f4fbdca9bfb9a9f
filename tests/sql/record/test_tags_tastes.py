"""What a customer buys, for whom, and how old they are: boundaries of evidence, ties, what is not known."""

from __future__ import annotations

from datetime import date

import pytest
from tests.sql.record import tag_facts
from tests.sql.record.tag_facts import DAY, at, infer, line, member, purchase, values

from touchpoint.db import Transaction

FIRST = at("03-01")


@pytest.mark.parametrize(("tag", "kind"), [("series_preference", "series"), ("category_preference", "category")])
def test_a_preference_holds_more_than_half_of_three_orders(tx: Transaction, tag: str, kind: str) -> None:
    bought = {
        "fond": ["retro", "retro", "casual"],
        "torn": ["retro", "retro", "casual", "casual"],
        "twice": ["retro", "retro"],
        "nothing": [None, None, None],
    }
    for customer, words in bought.items():
        for place, word in enumerate(words):
            line(tx, customer, FIRST + place * DAY, **{kind: word})
    found = infer(tx, tag)
    assert values(found) == {"fond": "retro"}
    assert (found["fond"]["evidence"], found["fond"]["out_of"]) == (2, 3)


def test_an_order_counts_once_however_many_lines_of_a_series_it_has(tx: Transaction) -> None:
    for place in range(3):
        line(tx, "b", FIRST, series="retro", order_id="one", size=f"{place}")
    for place, series in enumerate(["retro", "casual", "casual", "casual"]):
        line(tx, "c", FIRST + place * DAY, series=series)
    assert values(infer(tx, "series_preference")) == {"c": "casual"}


@pytest.mark.parametrize(("tag", "kind"), [("series_preference", "series"), ("category_preference", "category")])
def test_a_preference_is_measured_against_orders_also_where_they_mix(tx: Transaction, tag: str, kind: str) -> None:
    """Three of four orders have retro in them, two casual beside it: by (order, word) pairs it would be 3 of 6."""
    for place, words in enumerate([("retro", "casual"), ("retro", "casual"), ("retro",), ("sequins",), (None,)]):
        for word in words:
            line(tx, "b", FIRST + place * DAY, order_id=f"{kind} {place}", **{kind: word})
    found = infer(tx, tag)
    assert values(found) == {"b": "retro"}
    assert (found["b"]["evidence"], found["b"]["out_of"]) == (3, 4)


@pytest.mark.parametrize(("tag", "kind"), [("series_preference", "series"), ("category_preference", "category")])
def test_of_two_majorities_the_greater_then_the_later_then_the_first_by_name_is_preferred(
    tx: Transaction, tag: str, kind: str
) -> None:
    tag_facts.word(tx, "retro")  # numbered before the one that comes before it by name
    bought = {
        "greater": [("retro", "casual"), ("retro", "casual"), ("retro",)],
        "later": [("retro", "casual"), ("casual",), ("retro",)],
        "by_name": [("retro", "casual")] * 3,
    }
    for customer, orders in bought.items():
        for place, words in enumerate(orders):
            for name in words:
                line(tx, customer, FIRST + place * DAY, order_id=f"{customer} {place}", **{kind: name})
    assert values(infer(tx, tag)) == {"greater": "retro", "later": "retro", "by_name": "casual"}


def test_an_order_of_two_series_of_one_band_counts_once(tx: Transaction) -> None:
    bands = {"28-35": ["retro", "minimal"], "23-27": ["sequins"]}
    for place, series in enumerate([("retro", "minimal"), ("retro", "sequins"), ("sequins",)]):
        for name in series:
            line(tx, "b", FIRST + place * DAY, order_id=f"band {place}", series=name)
    found = infer(tx, "series_band", rules={"bands": bands})
    assert values(found) == {"b": "23-27"}, "two of three both: the one bought last"
    assert (found["b"]["evidence"], found["b"]["out_of"]) == (2, 3)


def test_words_beyond_the_first_are_told_apart_by_number(tx: Transaction) -> None:
    """The number of the word travels packed with the count: neither must leak into the other."""
    for place in range(300):
        line(tx, f"b{place % 3}", FIRST + place * DAY / 24, series=f"series {place % 3}")
    found = infer(tx, "series_preference")
    assert values(found) == {f"b{place}": f"series {place}" for place in range(3)}
    assert {row["evidence"] for row in found.values()} == {100}


def test_a_series_belongs_to_an_age_band_that_is_no_life_stage(tx: Transaction) -> None:
    for place, series in enumerate(["复古简约", "复古简约", "亮片潮流", "nobody's"]):
        line(tx, "b", FIRST + place * DAY, series=series)
    bands = {"28-35": ["复古简约"], "23-27": ["亮片潮流"]}
    found = infer(tx, "series_band", rules={"bands": bands})
    assert values(found) == {"b": "28-35"}
    assert found["b"]["out_of"] == 3, "a series without a band is left out"


def test_price_per_item_begins_a_band_at_its_bound(tx: Transaction) -> None:
    bands = {"lowest": 4_999, "low": 5_000, "middle": 10_000, "high": 49_999, "highest": 50_000}
    for band, price in bands.items():
        for place in range(3):
            line(tx, band, FIRST + place * DAY, quantity=2, net_minor=2 * price)
    assert values(infer(tx, "price_band")) == {band: band for band in bands}


def test_one_day_s_shopping_proves_no_band_no_size_and_no_leaning(tx: Transaction) -> None:
    for customer, step in (("in_one_go", 0 * DAY), ("over_days", DAY)):
        for place in range(4):
            line(tx, customer, FIRST + place * step, size="XL", is_discounted=True)
    for tag in ("price_band", "size", "bargain_or_novelty"):
        assert list(infer(tx, tag)) == ["over_days"]


def test_lines_without_pieces_or_with_less_than_nothing_break_nothing(tx: Transaction) -> None:
    for place in range(3):
        line(tx, "given_away", FIRST + place * DAY, net_minor=0)
        line(tx, "no_pieces", FIRST + place * DAY, quantity=0)
    assert values(infer(tx, "price_band")) == {"given_away": "lowest"}


def test_a_leaning_is_by_what_is_known_and_the_greater_share_speaks(tx: Transaction) -> None:
    for customer, reduced, fresh in (
        ("bargain", [True, True, True, False], [None] * 4),
        ("novelty", [None] * 4, [True, True, True, False]),
        ("both", [True, True, True, False], [True] * 4),
        ("equal", [True] * 4, [True] * 4),
        ("half", [True, True, False, False], [None] * 4),
        ("few_known", [True, True, True, None], [None] * 4),
    ):
        for place in range(4):
            line(tx, customer, FIRST + place * DAY, is_discounted=reduced[place], is_new=fresh[place])
    found = infer(tx, "bargain_or_novelty")
    assert values(found) == {"bargain": "bargain", "novelty": "novelty", "both": "novelty"}
    assert (found["bargain"]["evidence"], found["bargain"]["out_of"]) == (3, 4)


def test_a_size_is_that_of_most_lines_that_name_one(tx: Transaction) -> None:
    for place, size in enumerate(["XL", "XL", None, "M"]):
        line(tx, "b", FIRST + place * DAY, size=size)
    found = infer(tx, "size")
    assert values(found) == {"b": "XL"}
    assert (found["b"]["evidence"], found["b"]["out_of"]) == (2, 3)


def test_who_buys_for_the_other_sex_buys_gifts(tx: Transaction) -> None:
    rules = {"categories": {"female": ["裙装"], "male": ["男装"]}}
    for customer, gender, bought in (
        ("husband", "male", ["裙装", "裙装", "男装"]),
        ("wife", "female", ["男装", "男装"]),
        ("herself", "female", ["裙装", "裙装"]),
        ("half", "male", ["裙装", "男装"]),
        ("once", "male", ["裙装", "上装"]),
        ("silent", None, ["裙装", "裙装"]),
        ("other", "other", ["裙装", "裙装"]),
    ):
        member(tx, customer, gender=gender, birthday=date(1990, 1, 1))
        for place, category in enumerate(bought):
            line(tx, customer, FIRST + place * DAY, category=category)
    member(tx, "both_at_once", gender="male")
    for place in range(2):
        for category in ("裙装", "男装"):
            line(tx, "both_at_once", FIRST + place * DAY, order_id=f"gift {place}", category=category)
    line(tx, "no_member", FIRST, category="裙装")
    found = infer(tx, "gift_buyer", rules=rules)
    assert values(found) == dict.fromkeys(("husband", "wife", "both_at_once"), "gift_buyer")
    assert (found["both_at_once"]["evidence"], found["both_at_once"]["out_of"]) == (2, 2)
    assert found["husband"]["number"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("birthday", "stage"),
    [
        (date(2010, 3, 2), None),  # 15 on the day of the order, 16 the day after
        (date(2010, 3, 1), "student"),
        (date(2002, 3, 2), "student"),
        (date(2002, 3, 1), "young_professional"),
        (date(1997, 3, 1), "mature"),
        (date(1990, 3, 2), "mature"),
        (date(1990, 3, 1), None),
        (None, None),
    ],
)
def test_a_life_stage_is_the_age_on_the_day_of_the_last_order(
    tx: Transaction, birthday: date | None, stage: str | None
) -> None:
    member(tx, "b", birthday=birthday, gender="female")
    member(tx, "never_bought", birthday=date(2002, 3, 1))
    purchase(tx, "b", at("03-01", 0))  # still the last of February by UTC
    assert values(infer(tx, "life_stage")) == ({"b": stage} if stage else {})


def test_time_alone_changes_no_tag(tx: Transaction) -> None:
    member(tx, "b", birthday=date(2002, 3, 2), gender="female")
    for place in range(6):
        purchase(tx, "b", FIRST - place * 7 * DAY, region="浙江省", discount_minor=1)
        line(tx, "b", FIRST - place * 7 * DAY, series="retro", category="裙装", size="M", is_discounted=True)
    for tag in (
        "leaving_cause", "series_preference", "category_preference", "price_band", "bargain_or_novelty", "payday",
        "usual_hour", "usual_weekday", "home_region", "remote_area", "climate", "size", "life_stage", "discount_share",
        "return_share",
    ):  # fmt: skip
        assert infer(tx, tag, as_of=FIRST) == infer(tx, tag, as_of=FIRST + 3000 * DAY), tag
