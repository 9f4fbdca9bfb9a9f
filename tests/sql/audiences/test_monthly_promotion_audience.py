"""The audience of the monthly promotion, case by case (monthly_promotion.yaml)."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sql.decide.building import AS_OF, SHOP, add_customer, identity_of, insert, rows, undone

from touchpoint import statements
from touchpoint.campaigns import variants
from touchpoint.campaigns.spec import Audience
from touchpoint.db import Json, Transaction

STATEMENT = "audiences/monthly_promotion"
CASES = yaml.safe_load((Path(__file__).parent / "monthly_promotion.yaml").read_text())
PARAMETERS = {
    "bought_within": "540d",
    "full_price_within": "14d",
    "series_orders": 2,
    "series_share": 0.5,
    "vip_amount": {"default": "1000", "JPY": "20000", "sequins": "1500.50"},
    "offer": "treat",
}
TERMS = {"offer": "treat", "quota": 10, "after": 0}
OFFERS = {"treat": {**TERMS, "from": "1960-01-01T00:00:00+00:00", "until": "2060-01-01T00:00:00+00:00"}}
VARIANTS = variants.check(
    {
        "by": "series",
        "retro": variants.SeriesWords(words="retro", vip="retro_vip"),
        "sequins": variants.SeriesWords(words="sequins", vip="sequins_vip"),
        "casual": "casual",
        "none": "mixed",
        "several": "several",
    }
)
_numbers = itertools.count(1)


def instant(told: str, as_of: datetime) -> datetime:
    """`-45m` relative to the audience's instant, or an instant as it stands."""
    found = re.fullmatch(r"(-?\d+)([smhd])", told)
    if not found:
        return datetime.fromisoformat(told)
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return as_of + timedelta(**{unit: int(found[1])})


def given(tx: Transaction, case: dict[str, Any], as_of: datetime) -> None:
    """The case's buyers with features and series, orders and refunds."""
    for table in ("features", "series"):
        tx.connection.exec_driver_sql(f"DROP TABLE IF EXISTS pg_temp.{table}")
    tx.connection.exec_driver_sql(
        "CREATE TEMP TABLE features (shop_id text, customer_no bigint, order_count int, last_paid_at timestamptz)"
    )
    tx.connection.exec_driver_sql(
        "CREATE TEMP TABLE series (shop_id text, customer_no bigint, series text, order_count int, net_minor bigint)"
    )
    for buyer in case.get("buyers", [{"id": "b", "paid": case.get("paid", "-20d")}]):
        number = add_customer(tx, buyer["id"], identity=buyer.get("identity"))
        if case.get("is_guest"):
            tx.connection.exec_driver_sql("UPDATE facts.customers SET is_guest = true")
        paid = instant(buyer["paid"], as_of)
        orders = case.get("paid_orders", _orders_of(buyer["id"], case))
        insert(
            tx,
            "features",
            shop_id=case.get("shop_id", SHOP),
            customer_no=number,
            order_count=orders,
            last_paid_at=paid,
        )
    for line in case.get("series", []):
        number = add_customer(tx, line.get("buyer", "b"))
        insert(
            tx,
            "series",
            shop_id=SHOP,
            customer_no=number,
            series=line["series"],
            order_count=line["orders"],
            net_minor=line["spent"],
        )
    for order in case.get("orders", []):
        add_order(tx, order, as_of)
    for parcel in case.get("parcels", []):
        shipped = instant(parcel["shipped_at"], as_of)
        insert(
            tx,
            "facts.shipments",
            shop_id=SHOP,
            shipment_id=f"s{next(_numbers)}",
            order_id=parcel["order_id"],
            shipped_at=shipped,
            promised_at=instant(parcel["promised_at"], as_of),
            modified_at=shipped,
            known_at=shipped,
            batch_id=1,
        )
    for refund in case.get("refunds", []):
        happened = instant(refund["happened_at"], as_of)
        insert(
            tx,
            "facts.refunds",
            shop_id=SHOP,
            refund_id=f"r{next(_numbers)}",
            order_id=refund["order_id"],
            customer_no=add_customer(tx, "b"),
            amount_minor=100,
            currency="CNY",
            state=refund.get("state", "asked"),
            happened_at=happened,
            modified_at=happened,
            known_at=happened,
            batch_id=1,
        )


def _orders_of(buyer: str, case: dict[str, Any]) -> int:
    """Paid orders of a buyer whose orders hold one series each."""
    return sum(line["orders"] for line in case.get("series", []) if line.get("buyer", "b") == buyer)


def add_order(tx: Transaction, order: dict[str, Any], as_of: datetime) -> None:
    made = instant(order["made"], as_of)
    known = instant(order.get("known_at", order["made"]), as_of)
    line = {"price": 1000, "quantity": 1, "net": 900, "kind": "goods", **order.get("line", {})}
    common = {"shop_id": SHOP, "order_id": order["id"], "currency": "CNY", "modified_at": made, "batch_id": 1}
    instants = {key: instant(order[key], as_of) for key in ("paid_at", "closed_at") if key in order}
    insert(
        tx,
        "facts.orders",
        **common,
        customer_no=add_customer(tx, "b"),
        created_at=made,
        total_minor=line["net"],
        known_at=known,
        **instants,
    )
    insert(
        tx,
        "facts.order_lines",
        **common,
        line_id=f"l{next(_numbers)}",
        kind=line["kind"],
        quantity=line["quantity"],
        price_minor=line["price"],
        net_minor=line["net"],
        known_at=known,
    )


def ask(tx: Transaction, case: dict[str, Any], as_of: datetime) -> list[dict[str, Any]]:
    parameters = Audience.model_validate({"statement": "monthly_promotion", "parameters": PARAMETERS})
    everything = {
        "realm": "live",
        "shop_id": SHOP,
        "as_of": as_of,
        "step": "promote",
        "zone": case.get("zone", "Asia/Shanghai"),
        "currency": case.get("currency", "CNY"),
        "parameters": Json(parameters.sql_parameters()),
        "variants": Json(variants.for_sql(VARIANTS)),
        "offers": Json(case.get("offers", OFFERS)),
        "features": "pg_temp.features",
        "series": "pg_temp.series",
    }
    return tx.many(STATEMENT, **{key: everything[key] for key in statements.load(STATEMENT).params})


@pytest.fixture(scope="module")
def shared(server: Any) -> Any:
    """One database for all cases: each works in a transaction that is undone."""
    from touchpoint.db import Database

    server.create_database("test_monthly_audience", template="template_touchpoint")
    database = Database(server.url("test_monthly_audience"))
    yield database
    database.close()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_monthly_promotion(shared: Any, case: dict[str, Any]) -> None:
    as_of = datetime.fromisoformat(case["at"]) if "at" in case else AS_OF
    with undone(shared) as tx:
        given(tx, case, as_of)
        found = ask(tx, case, as_of)
    wanted = [
        {key: instant(value, as_of) if key in ("not_before", "not_after") else value for key, value in line.items()}
        for line in case["expect"]
    ]
    assert [{key: row[key] for key in line} for row, line in zip(found, wanted, strict=True)] == wanted


def test_who_prefers_what_is_told_apart_buyer_by_buyer(shared: Any) -> None:
    case = {
        "buyers": [{"id": "b", "paid": "-20d"}, {"id": "c", "paid": "-20d"}],
        "series": [
            {"buyer": "b", "series": "retro", "orders": 4, "spent": 1},
            {"buyer": "c", "series": "casual", "orders": 2, "spent": 1},
        ],
    }
    with undone(shared) as tx:
        given(tx, case, AS_OF)
        found = ask(tx, case, AS_OF)
    assert [(row["identity"], row["variant"]) for row in found] == [
        (identity_of("b"), "retro"),
        (identity_of("c"), "casual"),
    ]


@pytest.mark.parametrize(
    ("offers", "reason"),
    [
        ({}, "offer_not_here"),
        ({"treat": {**OFFERS["treat"], "until": AS_OF.isoformat()}}, "offer_over"),
        ({"treat": {**OFFERS["treat"], "from": (AS_OF + timedelta(seconds=1)).isoformat()}}, "offer_not_begun"),
        ({"treat": {**OFFERS["treat"], "quota": 0}}, "offer_gone"),
        (OFFERS, None),
    ],
)
def test_nobody_is_told_of_an_offer_that_is_not_made(shared: Any, offers: dict[str, Any], reason: str | None) -> None:
    with undone(shared) as tx:
        given(tx, {}, AS_OF)
        assert [row["exclude_reason"] for row in ask(tx, {"offers": offers}, AS_OF)] == [reason]


def test_asked_again_it_finds_the_same_whatever_happened_since(shared: Any) -> None:
    later = {"orders": [{"id": "L", "made": "1h", "known_at": "1h"}, {"id": "M", "made": "-1h", "known_at": "2h"}]}
    with undone(shared) as tx:
        given(tx, {}, AS_OF)
        first = ask(tx, {}, AS_OF)
        for order in later["orders"]:
            add_order(tx, order, AS_OF)
        assert rows(tx, "SELECT count(*) AS n FROM facts.orders")[0]["n"] == 2
        assert ask(tx, {}, AS_OF) == first


def test_there_are_cases_enough_to_trust_the_list() -> None:
    assert len(CASES) >= 50
