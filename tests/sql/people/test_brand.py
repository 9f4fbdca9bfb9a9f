"""Shops of one brand share their people; a shop of another knows nothing of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.sql.decide.building import insert, make_segments, rows
from tests.sql.facts.builders import AS_OF, order, shop
from tests.sql.people.brand import HOUR, NORTH, PHONE, SOUTH, STRANGE, bought, collect, decided, three_shops, told

from touchpoint.db import Transaction
from touchpoint.errors import ConfigError, TouchpointError
from touchpoint.facts import customers
from touchpoint.record import brands, made, segments
from touchpoint.settings import CONFIG_ROOT, Shop, load_tags


def figures(tx: Transaction, as_of: Any = AS_OF, of: tuple[Shop, ...] = (NORTH, SOUTH)) -> list[tuple[int, int]]:
    """Orders and amount of each person of a brand, as of an instant."""
    brands.people(tx, of, as_of)
    with made.table(tx, "features") as features:
        made.features(tx, features, shop_id=of[0].id, as_of=as_of, scope="brand", window=None)
        found = rows(tx, f"SELECT order_count, paid_minor FROM {features} ORDER BY paid_minor DESC")
    return [(row["order_count"], row["paid_minor"]) for row in found]


def test_one_person_of_two_shops_is_one_in_the_brands_figures_and_a_stranger_elsewhere(tx: Transaction) -> None:
    three_shops(tx)
    assert figures(tx) == [(2, 15000), (1, 700), (1, 300)]
    assert figures(tx, of=(STRANGE,)) == [(1, 90000)]
    north, south = customers.account(tx, "north", "n1"), customers.account(tx, "south", "s1")
    assert north.identity == south.identity != customers.account(tx, "strange", "x1").identity
    found = customers.accounts(tx, north.identity)
    assert [(row["shop_id"], row["customer_id"]) for row in found] == [("north", "n1"), ("south", "s1")]


def test_a_merge_in_one_shop_is_one_person_in_all_of_the_brand_from_then_on(tx: Transaction) -> None:
    three_shops(tx)
    merged = customers.merge(
        tx, shop_id="north", from_id="n1", into_id="n2", who="an agent", note="why", at=AS_OF + HOUR
    )
    collect(tx, NORTH, AS_OF + 2 * HOUR)
    south = customers.account(tx, "south", "s1")
    assert south.identity == merged.identity
    assert not south.is_merged
    assert figures(tx, AS_OF + 2 * HOUR) == [(3, 15700), (1, 300)]
    assert figures(tx, AS_OF) == [(2, 15000), (1, 700), (1, 300)]
    stranger = customers.account(tx, "strange", "x1")
    assert stranger.identity == customers.account(tx, "strange", "x1", AS_OF).identity


def test_customers_of_two_shops_are_not_merged(tx: Transaction) -> None:
    three_shops(tx)
    with pytest.raises(TouchpointError, match="no customer 's3'"):
        customers.merge(tx, shop_id="north", from_id="s3", into_id="n1", who="a", note="b", at=AS_OF + HOUR)


def test_holdout_and_caps_are_the_persons_in_all_shops_of_the_brand_and_nobodys_elsewhere(tx: Transaction) -> None:
    for of, name in ((NORTH, "n1"), (SOUTH, "s1"), (STRANGE, "x1")):
        told(tx, of, {name: PHONE}, order(f"open-{name}", customer_id=name))
    at = AS_OF + HOUR
    assert decided(tx, NORTH, at, percent=100) == {"candidates": 1, "held_out": 1}
    # Capped by what they were held out of at the other shop that day; the day after, held out by the draw of there.
    assert decided(tx, SOUTH, at) == {"candidates": 1, "capped": 1}
    assert decided(tx, STRANGE, at) == {"candidates": 1, "enqueued": 1}
    told(tx, SOUTH, {}, order("open-2", customer_id="s1", created_at="2026-11-21T09:00:00+08:00"))
    next_day = AS_OF + 24 * HOUR
    assert decided(tx, SOUTH, next_day, percent=100) == {"candidates": 1, "held_out": 1}
    assert rows(tx, "SELECT holdout_scope FROM ledger.holdout ORDER BY 1") == [
        {"holdout_scope": "brand:tea"},
        {"holdout_scope": "brand:wine"},
    ]


def test_amounts_in_two_currencies_are_not_added_up(tx: Transaction) -> None:
    abroad = shop(id="abroad", brand="tea", currency="EUR")
    with pytest.raises(ConfigError, match="amounts in CNY and EUR cannot be added up"):
        brands.people(tx, (NORTH, abroad))
    with pytest.raises(ConfigError, match="not the shops of one brand"):
        brands.people(tx, (NORTH, STRANGE))
    with pytest.raises(ConfigError, match="not the shops of one brand"):
        brands.people(tx, (shop(id="alone"),))


def test_the_shops_of_a_brand_are_those_whose_files_say_so(tmp_path: Path) -> None:
    text = (CONFIG_ROOT / "shops" / "sandbox.yaml").read_text(encoding="utf-8")
    (tmp_path / "shops").mkdir()
    (tmp_path / "rehearsals").mkdir()
    for name, brand in (("one", "tea"), ("two", "tea"), ("three", "wine"), ("four", None)):
        told_text = text.replace("id: sandbox\n", f"id: {name}\n" + (f"brand: {brand}\n" if brand else ""), 1)
        (tmp_path / "shops" / f"{name}.yaml").write_text(told_text, encoding="utf-8")
    assert [each.id for each in brands.shops_of("tea", tmp_path)] == ["one", "two"]
    with pytest.raises(ConfigError, match=r"no shop is of the brand 'beer'.*one of: tea, wine"):
        brands.shops_of("beer", tmp_path)


def test_a_tag_is_inferred_of_a_brand_where_any_of_its_shops_has_the_facts(tx: Transaction) -> None:
    told(tx, NORTH, {"n1": PHONE}, bought("o1", "n1", region=None))
    days = [f"2026-11-{day:02}T09:05:00+08:00" for day in range(10, 16)]
    sold = [bought(f"s{at}", "s1", region="浙江省", created_at=at, paid_at=at) for at in days]
    told(tx, SOUTH, {"s1": PHONE}, *sold)
    brands.people(tx, (NORTH, SOUTH), AS_OF)
    given = {"as_of": AS_OF, "segments": make_segments(), "tags": load_tags(), "scope": "brand"}
    found = []
    for others in ((), (SOUTH,)):
        with segments.everybody(tx, shop=NORTH, others=others, wanted=("home_region",), **given) as everyone:
            found.append([row["value"] for row in rows(tx, f"SELECT value FROM {everyone.tags}")])
    assert found == [[], ["浙江省"]]


def test_why_a_person_left_is_what_agents_of_any_of_the_shops_said_last(tx: Transaction) -> None:
    three_shops(tx)
    known = rows(tx, "SELECT customer_id, customer_no FROM facts.customers")
    numbers = {row["customer_id"]: row["customer_no"] for row in known}
    for who, of, value, hours in (("n1", NORTH, "asleep", 3), ("s1", SOUTH, "unhappy", 2)):
        at = {"happened_at": AS_OF - hours * HOUR, "known_at": AS_OF - HOUR}
        said = {"tag": "leaving_cause", "value": value, "author": "Lin", "customer_no": numbers[who]}
        insert(tx, "record.manual_tags", shop_id=of.id, **said, **at)
    brands.people(tx, (NORTH, SOUTH), AS_OF)
    given = {"segments": make_segments(), "tags": load_tags(), "scope": "brand", "wanted": ()}
    with segments.everybody(tx, shop=NORTH, others=(SOUTH,), as_of=AS_OF + 900 * 24 * HOUR, **given) as everyone:
        causes = [row["cause"] for row in rows(tx, f"SELECT cause FROM {everyone.standing} ORDER BY cause")]
    assert causes == ["unhappy", None, None]
