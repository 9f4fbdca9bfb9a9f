"""Why a person of a brand is where they are: by what they did at all its shops, in the rows a shop's customer has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.sql.decide.building import insert, make_segments, rows
from tests.sql.facts.builders import AS_OF, load, order
from tests.sql.people.brand import HOUR, NORTH, OTHER, PHONE, SOUTH, bought, collect, decided, told

from touchpoint.db import Transaction
from touchpoint.errors import TouchpointError
from touchpoint.facts import customers
from touchpoint.learning import kept
from touchpoint.learning.outlook import outlooks
from touchpoint.model import Entity
from touchpoint.record import brands, segments
from touchpoint.record.explain import explain, explain_person
from touchpoint.settings import Segments, Shop, load_tags

TEA = (NORTH, SOUTH)
LIFETIME = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


@contextmanager
def record(
    tx: Transaction, shops: tuple[Shop, ...], as_of: datetime, rules: Segments | None = None
) -> Iterator[tuple[segments.Everybody, dict[str, Any]]]:
    """The record of a brand, or of one shop alone where `shops` is one that is asked as a shop."""
    given: dict[str, Any] = {"as_of": as_of, "segments": rules or make_segments(), "tags": load_tags()}
    brands.people(tx, shops, as_of)
    with segments.everybody(tx, shop=shops[0], others=shops[1:], scope="brand", **given) as everyone:
        yield everyone, given


def of_brand(
    tx: Transaction,
    customer_id: str,
    *,
    shops: tuple[Shop, ...] = TEA,
    as_of: datetime = AS_OF,
    at_shop: str | None = None,
    rules: Segments | None = None,
) -> list[dict[str, Any]]:
    with record(tx, shops, as_of, rules) as (everyone, given):
        return explain_person(tx, shops=shops, customer_id=customer_id, at_shop=at_shop, everyone=everyone, **given)


def of_shop(tx: Transaction, of: Shop, customer_id: str, as_of: datetime = AS_OF) -> list[dict[str, Any]]:
    given: dict[str, Any] = {"shop": of, "as_of": as_of, "segments": make_segments(), "tags": load_tags()}
    with segments.everybody(tx, **given) as everyone:
        return explain(tx, customer_id=customer_id, everyone=everyone, **given)


def by_what(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["what"]: row for row in found if row["what"] != "customer"}


def two_shops(tx: Transaction) -> None:
    """One who bought once at one shop, twice at the other; and strangers at each."""
    told(tx, NORTH, {"n1": PHONE, "n2": OTHER}, bought("o1", "n1"), bought("o2", "n2", "7.00"))
    again = bought("o4", "s1", "60.00", paid_at="2026-11-20T10:05:00+08:00", region="浙江省")
    told(tx, SOUTH, {"s1": PHONE, "s3": "13712345678"}, bought("o3", "s1", "50.00", region="浙江省"), again)


def test_a_person_is_explained_by_what_they_did_at_all_shops_together(tx: Transaction) -> None:
    two_shops(tx)
    person, north, south = of_brand(tx, "n1"), of_shop(tx, NORTH, "n1"), of_shop(tx, SOUTH, "s1")
    told_by = [by_what(each) for each in (person, north, south)]
    assert [each["stage"]["value"] for each in told_by] == ["loyal", "new", "second_time"]
    assert [each["orders"]["value"] for each in told_by] == [3, 1, 2]
    assert [each["net"]["value"] for each in told_by] == [Decimal("210.00"), Decimal("100.00"), Decimal("110.00")]
    assert [each["m_score"]["value"] for each in told_by] == [2, 1, 1]
    assert "by thresholds, 2 customers" in told_by[0]["rfm_group"]["why"]
    assert "3 paid orders, 0 days of silence" in told_by[0]["stage"]["why"]


def test_the_rows_are_a_shops_after_the_brand_and_its_customers(tx: Transaction) -> None:
    two_shops(tx)
    person, north = of_brand(tx, "n1"), of_shop(tx, NORTH, "n1")
    brand, first, second = person[:3]
    assert (brand["what"], brand["value"]) == ("brand", "tea")
    assert brand["why"].startswith("north, south")
    assert (first["what"], first["value"]) == ("customer", "north/n1")
    assert first["why"] == "1 paid order, paid 100.00, last 2026-11-20 09:05:00+08:00"
    assert (second["value"], second["why"][:27]) == ("south/s1", "2 paid orders, paid 110.00,")
    assert [row["what"] for row in person[3:]] == [row["what"] for row in north]
    assert of_brand(tx, "s1") == person, "whichever of their customers is named"


def test_a_customer_id_of_two_people_has_to_say_whose(tx: Transaction) -> None:
    two_shops(tx)
    told(tx, NORTH, {"same": "13612345678"}, bought("o5", "same", "1.00"))
    told(tx, SOUTH, {"same": "13512345678"}, bought("o6", "same", "2.00"))
    with pytest.raises(TouchpointError, match=r"'same' is not one person at north and south.*--shop"):
        of_brand(tx, "same")
    assert [by_what(of_brand(tx, "same", at_shop=each.id))["net"]["value"] for each in TEA] == [1, 2]
    told(tx, NORTH, {"both": "13412345678"}, bought("o7", "both", "3.00"))
    told(tx, SOUTH, {"both": "13412345678"}, bought("o8", "both", "4.00"))
    assert by_what(of_brand(tx, "both"))["net"]["value"] == 7, "one person may well have one id at both"
    with pytest.raises(TouchpointError, match=r"brand tea: north, south: no customer 'nobody' by then"):
        of_brand(tx, "nobody")
    with pytest.raises(TouchpointError, match=r"no shop 'elsewhere' is of it.*one of: north, south"):
        of_brand(tx, "n1", at_shop="elsewhere")


def test_guests_and_those_who_have_not_bought_are_told_as_a_shop_tells_them(tx: Transaction) -> None:
    told(tx, NORTH, {"n1": PHONE})
    told(tx, SOUTH, {"s1": PHONE})
    load(tx, {Entity.ORDER: [order("g", customer_id=None)]}, of=NORTH)
    assert [row["value"] for row in of_brand(tx, "n1")] == ["tea", "north/n1", "south/s1", "prospect"]
    (guest,) = of_brand(tx, "order:g")
    assert guest["what"] == "guest"


def test_prospects_of_a_brand_are_people_who_bought_at_none_of_its_shops(tx: Transaction) -> None:
    two_shops(tx)
    told(tx, NORTH, {"n4": "13612345678"})
    told(tx, SOUTH, {"s2": OTHER, "s4": "13612345678"})
    with record(tx, TEA, AS_OF) as (everyone, _):
        found = segments.counts(tx, shop=NORTH, as_of=AS_OF, everyone=everyone)
    stages = {row["segment"]: row["customers"] for row in found if row["kind"] == "stage"}
    assert stages == {"loyal": 1, "new": 1, "prospect": 2}, "n4 is s4; n2, who bought, is s2; s3 did not buy"


def test_who_was_merged_is_told_and_before_it_they_are_two(tx: Transaction) -> None:
    two_shops(tx)
    asked = {"from_id": "n1", "into_id": "n2", "who": "an agent", "note": "why", "at": AS_OF + HOUR}
    customers.merge(tx, shop_id="north", **asked)
    collect(tx, NORTH, AS_OF + 2 * HOUR)
    after = of_brand(tx, "n1", as_of=AS_OF + 2 * HOUR)
    assert [(row["value"], row["why"][:25]) for row in after if row["what"] == "customer"] == [
        ("north/n1", "was merged into n2"),
        ("north/n2", "2 paid orders, paid 107.00"[:25]),
        ("south/s1", "2 paid orders, paid 110.00"[:25]),
    ]
    assert by_what(after)["orders"]["value"] == 4
    assert by_what(of_brand(tx, "n1"))["orders"]["value"] == 3


def test_who_paid_before_the_window_alone_at_another_shop_is_lost(tx: Transaction) -> None:
    told(tx, NORTH, {"n1": PHONE})
    told(tx, SOUTH, {"s1": PHONE}, bought("o1", "s1"))
    later = AS_OF + timedelta(days=900)
    found = of_brand(tx, "n1", as_of=later, rules=make_segments().model_copy(update={"window": timedelta(days=720)}))
    assert [row["value"] for row in found][-1] == "lost"
    assert "before the window" in found[-1]["why"]


def test_messages_of_all_shops_are_touches_of_the_person(tx: Transaction) -> None:
    for of, name, days in ((SOUTH, "s1", 0), (NORTH, "n1", 1)):
        opened = order(f"open-{name}", customer_id=name, created_at=f"2026-11-{20 + days}T09:00:00+08:00")
        told(tx, of, {name: PHONE}, opened)
        assert decided(tx, of, AS_OF + days * 24 * HOUR, percent=0) == {"candidates": 1, "enqueued": 1}
    rows(tx, "UPDATE ledger.message SET state = 'accepted' RETURNING 1")
    told(tx, NORTH, {}, bought("o1", "n1"))
    later = AS_OF + 72 * HOUR
    touches = [by_what(of_shop(tx, NORTH, "n1", later)), by_what(of_brand(tx, "n1", as_of=later))]
    assert [found["touches"]["value"] for found in touches] == [1, 2]
    assert "2026-11-21" in touches[0]["first touch"]["why"]
    assert "2026-11-20" in touches[1]["first touch"]["why"]


def test_what_agents_of_any_shop_said_last_beats_what_is_inferred_of_the_person(tx: Transaction) -> None:
    two_shops(tx)
    numbers = {row["customer_id"]: row["customer_no"] for row in rows(tx, "SELECT * FROM facts.customers")}
    for who, of, value, hours in (("n1", NORTH, "stingy", 3), ("s1", SOUTH, "generous", 2)):
        said = {"tag": "temperament", "value": value, "author": "Lin", "customer_no": numbers[who]}
        insert(tx, "record.manual_tags", shop_id=of.id, happened_at=AS_OF - hours * HOUR, known_at=AS_OF, **said)
    found = by_what(of_brand(tx, "n1"))
    assert found["tag temperament"]["value"] == "generous"
    assert by_what(of_shop(tx, NORTH, "n1"))["tag temperament"]["value"] == "stingy"
    assert (found["tag home_region"]["value"], found["tag home_region"]["why"][:6]) == ("浙江省", "2 of 2")


def test_what_to_expect_of_a_person_is_by_all_they_bought_and_says_whose_lessons(tx: Transaction) -> None:
    two_shops(tx)
    more = [
        bought(f"m{day}", "s1", "5.00", created_at=f"2026-11-{day}T09:00:00+08:00", paid_at=f"2026-11-{day}T09:05:00Z")
        for day in (11, 14)
    ]
    told(tx, SOUTH, {}, *more)
    assert by_what(of_brand(tx, "n1"))["outlook"]["why"] == "BG/NBD of north was not learned by then: docs/lifetime.md"
    by = {"as_of": AS_OF - HOUR, "since": None, "until": AS_OF - HOUR, "sample": 1, "data_hash": ""}
    kept.keep(tx, shop_id="north", name="lifetime", body=LIFETIME, **by)
    found = by_what(of_brand(tx, "n1"))
    assert found["p_alive"]["why"] == "bought on 3 days in 9 d, silent for 0 d; BG/NBD of north"
    assert by_what(of_shop(tx, NORTH, "n1"))["p_alive"]["why"].endswith("BG/NBD: 1 before a second purchase")
    with record(tx, TEA, AS_OF) as (_, given):
        asked = {"as_of": AS_OF, "dormancy": given["segments"].dormancy, "scope": "brand", "others": (SOUTH,)}
        (best, *_) = sorted(outlooks(tx, shop=NORTH, **asked) or (), key=lambda one: -one.repeats)
    assert (best.shop_id, best.customer_id, best.repeats) == ("north", "n1", 2)
    assert round(best.alive, 3) == found["p_alive"]["value"]


def test_as_of_before_somebody_was_known_at_a_shop_they_are_not_theirs(tx: Transaction) -> None:
    two_shops(tx)
    with pytest.raises(TouchpointError, match="by then"):
        of_brand(tx, "n1", as_of=datetime(2026, 1, 1, tzinfo=UTC))
