"""Shops of a brand that are not alike: what makes a number wrong is refused or left out, what is a choice is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sql.decide.building import make_segments
from tests.sql.facts.builders import AS_OF, load, shop
from tests.sql.people.brand import HOUR, NORTH, OTHER, PHONE, SOUTH, bought, told

from touchpoint.db import Transaction
from touchpoint.errors import ConfigError
from touchpoint.facts import head
from touchpoint.learning import kept
from touchpoint.learning.outlook import outlooks
from touchpoint.model import Entity
from touchpoint.record import brands, cohorts, segments
from touchpoint.record.availability import differing
from touchpoint.record.explain import explain_person
from touchpoint.record.heads import heads
from touchpoint.settings import Segments, Shop, Tags, load_tags

DAY = timedelta(days=1)
WEST = shop(id="west", brand="tea", zone="America/Los_Angeles")
REFUND = {"refund_id": "r1", "order_id": "o1", "state": "succeeded", "amount": "40.00", "currency": "CNY"}
WHEN = {"happened_at": "2026-11-20T10:00:00+08:00", "modified_at": "2026-11-20T10:00:00+08:00"}
PAID = ("created_at", "paid_at")


def rule(word: str) -> Segments:
    """Dormancy by one rule, whatever was learned."""
    rules = make_segments()
    return rules.model_copy(update={"dormancy": rules.dormancy.model_copy(update={"rule": word})})


def notes(tx: Transaction, *shops: Shop, rules: Segments | None = None) -> list[str]:
    return brands.notes(tx, shops, AS_OF, rules or make_segments())


def heads_of(tx: Transaction, *shops: Shop, tags: Tags | None = None) -> dict[str, dict[str, Any]]:
    """Heads of a brand's tags, by tag and value."""
    known = tags or load_tags()
    brands.people(tx, shops, AS_OF)
    of_brand: dict[str, Any] = {"shop": shops[0], "others": shops[1:], "as_of": AS_OF, "scope": "brand", "tags": known}
    with segments.everybody(tx, segments=make_segments(), **of_brand) as everyone:
        found = heads(tx, inferred=everyone.tags, **of_brand)
    return {f"{row['tag']} {row['value'] or ''}".strip(): row for row in found}


def explained(tx: Transaction, customer_id: str, *shops: Shop) -> dict[str, dict[str, Any]]:
    given: dict[str, Any] = {"as_of": AS_OF, "segments": make_segments(), "tags": load_tags()}
    brands.people(tx, shops, AS_OF)
    with segments.everybody(tx, shop=shops[0], others=shops[1:], scope="brand", **given) as everyone:
        found = explain_person(tx, shops=shops, customer_id=customer_id, everyone=everyone, **given)
    return {row["what"]: row for row in found}


def test_heads_may_be_counted_where_amounts_cannot_be_added_up(tx: Transaction) -> None:
    abroad = shop(id="abroad", brand="tea", currency="EUR")
    told(tx, NORTH, {"n1": PHONE}, bought("o1", "n1", **dict.fromkeys(PAID, "2026-10-02T09:00:00+08:00")))
    sold = [bought(f"a{number}", f"a{number}", currency="EUR") for number in (1, 2)]
    told(tx, abroad, {"a1": f"+86{PHONE}", "a2": f"+86{OTHER}"}, *sold)
    with pytest.raises(ConfigError, match="amounts in CNY and EUR cannot be added up"):
        brands.people(tx, (NORTH, abroad), AS_OF)
    brands.people(tx, (NORTH, abroad), AS_OF, has_amounts=False)
    found = cohorts.cohorts(tx, shop_id="north", as_of=AS_OF, scope="brand")
    assert found == [{"cohort": "2026-10", "active": [1, 1]}, {"cohort": "2026-11", "active": [1]}]
    alone = cohorts.cohorts(tx, shop_id="abroad", as_of=AS_OF)
    assert alone == [{"cohort": "2026-11", "active": [2]}], "who came back is new to the second shop"


def test_shops_rehearsed_apart_are_no_brand(tx: Transaction) -> None:
    with pytest.raises(ConfigError, match="of the realms live and spring"):
        brands.people(tx, (NORTH, shop(id="south", brand="tea", realm="spring")), AS_OF)


def test_a_tag_whose_rule_differs_by_zone_is_not_inferred_of_a_brand_and_says_what_to_do(tx: Transaction) -> None:
    far = [bought(f"o{n}", "n1", region="青海省") for n in (1, 2)]
    told(tx, NORTH, {"n1": PHONE}, *far)
    told(tx, SOUTH, {"s1": PHONE}, bought("o3", "s1", region="海南省"))
    told(tx, WEST, {"w1": PHONE}, *(bought(f"w{n}", "w1", region="CA") for n in range(5)))
    assert heads_of(tx, NORTH, SOUTH)["remote_area remote"]["customers"] == 1
    found = heads_of(tx, NORTH, WEST)
    assert found["remote_area"]["note"] == (
        "unavailable: give all shops of the brand the same `regions` in config/tags.yaml"
    )
    assert found["home_region CA"]["customers"] == 1, "what needs no rule of a zone is inferred of all shops"
    assert explained(tx, "n1", NORTH, WEST)["tag remote_area"]["value"] == "unavailable"


def test_which_rules_differ_is_found_whichever_shop_comes_first(tx: Transaction) -> None:
    tags = load_tags()
    sandbox = shop(id="sandbox", brand="tea")
    expected = {"gift_buyer": "categories", "series_band": "bands"}
    assert differing(tags, (NORTH, SOUTH)) == {}
    assert differing(tags, (sandbox, SOUTH)) == differing(tags, (SOUTH, sandbox)) == expected
    assert differing(tags, (NORTH, WEST)) == {"climate": "regions", "remote_area": "regions"}


def test_where_one_shop_tells_no_refunds_the_part_returned_is_not_told_and_amounts_say_so(tx: Transaction) -> None:
    told(tx, NORTH, {"n1": PHONE}, bought("o1", "n1"), bought("o2", "n1"))
    told(tx, SOUTH, {"s1": PHONE}, bought("o3", "s1", "300.00"))
    assert not any("refunds" in note for note in notes(tx, NORTH, SOUTH))
    assert heads_of(tx, NORTH, SOUTH)["return_share"]["note"].startswith("unavailable: refunds must come")
    load(tx, {Entity.REFUND: [{**REFUND, **WHEN}]}, of=NORTH)
    told(tx, NORTH, {})
    assert heads_of(tx, NORTH)["return_share"]["median"] == 0.2
    found = heads_of(tx, NORTH, SOUTH)["return_share"]
    assert found["customers"] is None, "40 of 500 would be taken for what both shops took back"
    assert found["note"].startswith("unavailable: south: refunds must come")
    assert "no refunds are known of south: amounts there are before refunds" in notes(tx, NORTH, SOUTH)
    net = explained(tx, "s1", NORTH, SOUTH)["net"]
    assert net["value"] == 460
    assert "those of south unavailable: refunds must come" in net["why"]
    load(tx, {Entity.REFUND: [{**REFUND, **WHEN, "order_id": "o3"}]}, of=SOUTH)
    told(tx, SOUTH, {})
    assert heads_of(tx, NORTH, SOUTH)["return_share"]["median"] == 0.16
    assert not any("refunds" in note for note in notes(tx, NORTH, SOUTH))


def test_the_rule_of_dormancy_is_the_first_shops_and_said_where_another_has_its_own(tx: Transaction) -> None:
    told(tx, NORTH, {"n1": PHONE}, bought("o1", "n1"))
    told(tx, SOUTH, {"s1": PHONE}, bought("o2", "s1"))
    by_rhythm = rule("rhythm")
    assert [note for note in notes(tx, NORTH, SOUTH, rules=by_rhythm) if "dormancy" in note] == []
    by = {"as_of": AS_OF - HOUR, "since": None, "until": AS_OF - HOUR, "sample": 1, "data_hash": ""}
    kept.keep(tx, shop_id="south", name="rhythm", body={"population_gap": 40 * 86400.0}, **by)
    said = "dormancy is by the rule of north for everybody: fixed; by its own: south rhythm"
    assert said in notes(tx, NORTH, SOUTH, rules=by_rhythm)
    assert "dormancy is by the rule of south for everybody: rhythm; by its own: north fixed" in notes(
        tx, SOUTH, NORTH, rules=by_rhythm
    )
    assert explained(tx, "n1", NORTH, SOUTH)["dormancy"]["why"].endswith("by fixed of north (no backtest kept yet)")


def test_hours_are_those_of_the_shop_bought_at_and_today_is_where_it_is_latest(tx: Transaction) -> None:
    """10:30 in London is 02:30 in Los Angeles and 18:30 in Shanghai: a day that began there is no day in the future."""
    late = AS_OF + 6 * HOUR  # 00:30 of the 21st in Shanghai, 08:30 of the 20th in Los Angeles
    told(
        tx,
        WEST,
        {"w1": PHONE},
        bought("o1", "w1", **dict.fromkeys(PAID, "2026-11-18T09:00:00-08:00")),
    )
    told(tx, NORTH, {"n1": PHONE}, bought("o2", "n1", paid_at="2026-11-21T00:10:00+08:00"))
    by = {"as_of": AS_OF - HOUR, "since": None, "until": AS_OF - HOUR, "sample": 1, "data_hash": ""}
    body = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    kept.keep(tx, shop_id="west", name="lifetime", body=body, **by)
    brands.people(tx, (WEST, NORTH), late)
    given = {"as_of": late, "dormancy": make_segments().dormancy, "scope": "brand", "others": (NORTH,)}
    (one,) = outlooks(tx, shop=WEST, **given) or ()
    assert (one.span, one.age) == (3, 3)
    said = "days and hours of a purchase are those of its shop (west America/Los_Angeles, north Asia/Shanghai)"
    assert any(note.startswith(said) for note in notes(tx, WEST, NORTH))
    assert not any("hours" in note for note in notes(tx, NORTH, SOUTH))


def test_a_shop_that_stopped_or_never_began_is_named(tx: Transaction) -> None:
    assert notes(tx, NORTH, SOUTH) == ["nothing was ever loaded of north", "nothing was ever loaded of south"]
    head.advance_loaded(tx, "north", AS_OF)
    assert notes(tx, NORTH, SOUTH) == ["nothing was ever loaded of south"]
    head.advance_loaded(tx, "south", AS_OF - 2 * DAY)
    assert notes(tx, NORTH, SOUTH) == ["nothing was loaded of south since 2026-11-18 18:30:00+08:00"]
    head.advance_loaded(tx, "south", AS_OF - DAY)
    assert notes(tx, NORTH, SOUTH) == []
