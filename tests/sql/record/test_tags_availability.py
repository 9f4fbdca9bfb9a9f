"""A tag without its source is unavailable, never 0, and says what to connect; few heads say so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sql.decide.building import AS_OF, SHOP, add_customer, add_order, insert, make_shop, rows

from touchpoint.db import Transaction
from touchpoint.record import availability, manual
from touchpoint.record.heads import heads
from touchpoint.settings import NEEDS, SourceConfig, load_tags

EARLIER = AS_OF - timedelta(days=30)
FILES = SourceConfig(adapter="files", connection="c", mapping="m")
CAME = {"shop_id": SHOP, "modified_at": EARLIER, "known_at": EARLIER, "batch_id": 1}


def met(tx: Transaction, *needs: str, sources: dict[str, Any] | None = None, as_of: Any = AS_OF) -> set[str]:
    return set(availability.met(tx, shop=make_shop(sources=sources or {}), as_of=as_of, needs=needs))


def test_nothing_came_nothing_is_met_and_every_need_can_be_asked(tx: Transaction) -> None:
    assert met(tx, *NEEDS) == set()
    query = "SELECT record.is_told('lab', need, '2026-01-01Z') AS told FROM unnest(%(needs)s::text[]) AS n (need)"
    told = rows(tx, query, needs=list(NEEDS))
    assert {row["told"] for row in told} == {False}, "the function knows every need"
    assert rows(tx, "SELECT record.is_told('lab', 'weather', '2026-01-01Z') AS told") == [{"told": None}]


def test_a_source_that_is_named_is_enough_for_its_kind_and_not_for_a_column_of_it(tx: Transaction) -> None:
    sources = {"review": FILES, "order": FILES}
    assert met(tx, "review", "order", "order.discount", "refund", "order_line", sources=sources) == {"review", "order"}


def test_a_column_is_met_from_when_a_value_of_it_is_known(tx: Transaction) -> None:
    add_order(tx, "o1", "b", EARLIER, region="浙江省")
    assert met(tx, "order.region", "order.device", "order", "order_line") == {"order.region", "order", "order_line"}
    assert met(tx, "order.region", as_of=EARLIER - timedelta(seconds=1)) == set()
    add_order(tx, "o2", "b", EARLIER + timedelta(days=1), discount_minor=0)
    assert met(tx, "order.discount", "order.coupon") == {"order.discount"}, "nothing off is something said"


def test_another_shop_s_facts_meet_nothing(tx: Transaction) -> None:
    add_order(tx, "o1", "b", EARLIER, region="浙江省", shop_id="other")
    assert met(tx, "order", "order.region") == set()


@pytest.mark.parametrize(
    ("column", "value", "need"),
    [("series", "retro", "product.series"), ("category", "tops", "product.category"), ("size", "XL", "product.size"),
     ("listed_at", EARLIER, "product.listed_at")],
)  # fmt: skip
def test_the_catalogue_says_what_it_says(tx: Transaction, column: str, value: object, need: str) -> None:
    insert(tx, "facts.products", **CAME, product_id="p", currency="CNY", **{column: value})
    columns = [name for name in NEEDS if name.startswith("product.")]
    assert met(tx, *columns) == {need}


def test_what_a_tag_lacks_keeps_it_out_of_reach_and_says_what_to_do(tx: Transaction) -> None:
    tags = {tag.name: tag for tag in load_tags().of(make_shop())}
    wanted = [tags["payday"], tags["home_region"], tags["size"], tags["leaving_cause"]]
    shop = make_shop(sources={"order": FILES})
    assert [tag.name for tag in availability.within_reach(tx, shop=shop, as_of=AS_OF, tags=wanted)] == ["payday"]
    assert availability.lacking(tags["size"], frozenset({"order_line"})) == ("order_line.size", "product.size")
    assert availability.lacking(tags["size"], frozenset({"order_line", "product.size"})) == ()
    assert availability.lacking(tags["leaving_cause"], frozenset({"order", "visit"})) == ()
    assert "review" in availability.overlooked(tags["leaving_cause"], frozenset({"order", "visit"}))
    assert "`visit`" in availability.remedies(["visit"])


def test_heads_say_unavailable_too_small_and_how_sure(tx: Transaction) -> None:
    for number in range(40):
        insert(
            tx,
            "record.customer_tags",
            shop_id=SHOP,
            tag="payday",
            customer_no=add_customer(tx, f"b{number}"),
            value="10-15" if number < 35 else "1-6",
            evidence=5,
            out_of=5,
            confidence=number / 40,
            valid_from=EARLIER,
        )
    text = "customer,tag,value,author,at\nb1,temperament,小气,Lin,2026-03-01\n"
    manual.bring_in(tx, shop=make_shop(), text=text, vocabulary=load_tags().manual, as_of=AS_OF)
    shop = make_shop(sources={"order": FILES, "review": FILES}, zone="Asia/Tokyo")
    found = heads(tx, shop=shop, as_of=AS_OF, tags=load_tags(), inferred="record.customer_tags")
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        by_tag.setdefault(row["tag"], []).append(row)
    often, seldom = by_tag["payday"]
    assert (often["value"], often["customers"], often["note"]) == ("10-15", 35, "")
    assert often["lowest tenth"] < often["median"] < often["highest tenth"]
    assert (seldom["customers"], seldom["note"]) == (5, "too small to measure")
    (visits,) = by_tag["leaving_cause"]
    assert visits["customers"] == 0
    assert "not looked at" in visits["note"]
    assert "connect visits" in visits["note"]
    (life,) = by_tag["life_stage"]
    assert life["customers"] is None
    assert life["note"].startswith("unavailable: the birthday of a member")
    (said,) = by_tag["temperament"]
    assert (said["value"], said["by"], said["note"]) == ("stingy", "agents", "too small to measure")


def test_a_rule_that_says_nothing_for_a_shop_is_named(tx: Transaction) -> None:
    add_order(tx, "o1", "b", EARLIER, region="浙江省")
    shop = make_shop(sources={"order": FILES}, zone="Asia/Tokyo")
    (remote,) = [
        row
        for row in heads(tx, shop=shop, as_of=AS_OF, tags=load_tags(), inferred="record.customer_tags")
        if row["tag"] == "remote_area"
    ]
    assert remote["note"] == "unavailable: give `regions` for this shop in config/tags.yaml"
