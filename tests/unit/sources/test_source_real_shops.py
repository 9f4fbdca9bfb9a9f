"""The real Olist and Online Retail exports, by the mappings of this repository: what lands of them."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pyarrow.compute as pc
import pytest
from tests.unit.sources.conformance import conforms, rows_of
from tests.unit.sources.exports import shop

from touchpoint.model import Entity, Window
from touchpoint.sources.files.mapping import load_mapping
from touchpoint.sources.files.source import FilesSource
from touchpoint.statements import ROOT

DATA = Path(os.environ.get("TOUCHPOINT_DATA", ROOT / ".." / "shared" / "data"))
WINDOW = Window(datetime(2010, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC))


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not (DATA / name).exists(), reason=f"the real data is absent: no {name} in $TOUCHPOINT_DATA ({DATA})"
    )


def olist() -> FilesSource:
    return FilesSource(shop("America/Sao_Paulo", "BRL"), load_mapping("olist"), DATA)


def retail() -> FilesSource:
    return FilesSource(shop("Europe/London", "GBP"), load_mapping("online_retail"), DATA)


@needs("olist_stratified_8135")
def test_olist_orders_land_with_the_person_the_payments_and_the_words_of_the_file():
    pages = list(olist().read(Entity.ORDER, WINDOW))
    orders, lines = ({row["order_id"]: row for row in rows_of(pages, e)} for e in (Entity.ORDER, Entity.ORDER_LINE))
    assert len(orders) == 8_135
    assert len(orders.keys() - lines.keys()) == 775
    assert Counter(row["status"] for row in orders.values()) == {
        "delivered": 5172, "shipped": 1107, "canceled": 625, "unavailable": 609, "invoiced": 314, "processing": 301,
        "created": 5, "approved": 2,
    }  # fmt: skip
    assert len({row["customer_id"] for row in orders.values()}) == 8_016
    assert orders["a4591c265e18cb1dcee52889e2d8acc3"] == {
        "order_id": "a4591c265e18cb1dcee52889e2d8acc3",
        "customer_id": "80bb27c7c16e8f973207a5086ab329e2",
        "status": "delivered",
        "created_at": "2017-07-09T21:57:05-03:00",
        "paid_at": "2017-07-09T22:10:13-03:00",
        "payment_state": "paid",
        "payment_kind": "card",
        "shipped_at": "2017-07-11T14:58:04-03:00",
        "finished_at": "2017-07-26T10:57:55-03:00",
        "closed_at": None,
        "total": "175.26",
        "paid": "175.26",
        "item_count": "1",
        "currency": "BRL",
        "region": "PR",
        "city": "congonhinhas",
    }
    unpaid = [row for row in orders.values() if row["paid_at"] is None]
    assert (len(unpaid), {row["paid"] for row in unpaid}) == (146, {None})


@needs("olist_stratified_8135")
def test_olist_parcels_keep_the_promised_midnight_and_summer_time():
    pages = list(olist().read(Entity.SHIPMENT, WINDOW))
    parcels, scans = rows_of(pages, Entity.SHIPMENT), rows_of(pages, Entity.TRACKING_EVENT)
    assert len(parcels) == 6_353
    assert Counter((row["state"], row["happened_at"] is None) for row in scans) == {
        ("picked_up", False): 6_353, ("delivered", False): 5_170, ("delivered", True): 8,
    }  # fmt: skip
    promised = Counter(row["promised_at"][10:] for row in parcels)
    assert set(promised) == {"T00:00:00-03:00", "T00:00:00-02:00"}


@needs("olist_stratified_8135")
def test_olist_payments_land_one_by_one_and_succeed_when_their_order_is_approved():
    payments = rows_of(list(olist().read(Entity.PAYMENT, WINDOW)), Entity.PAYMENT)
    orders = {row["order_id"]: row for row in rows_of(list(olist().read(Entity.ORDER, WINDOW)), Entity.ORDER)}
    assert len({row["payment_id"] for row in payments}) == len(payments) == 8_924
    assert all(row["happened_at"] for row in payments)
    for row in payments:
        order = orders[row["order_id"]]
        assert row["happened_at"] == (order["paid_at"] or order["created_at"])
        assert row["state"] == ("succeeded" if order["paid_at"] else "started")


@needs("olist_stratified_8135")
@pytest.mark.parametrize(
    "entity", [Entity.MEMBER, Entity.PRODUCT, Entity.ORDER, Entity.PAYMENT, Entity.SHIPMENT, Entity.REVIEW]
)
def test_olist_conforms(entity):
    conforms(olist, entity, WINDOW)


@needs("online_retail.parquet")
def test_every_line_of_online_retail_lands_a_part_at_a_time():
    pages = list(retail().read(Entity.ORDER, WINDOW))
    sizes = [sum(table.num_rows for table in page.tables.values()) for page in pages]
    assert max(sizes) <= 65_536
    lines, refunds, orders = (
        pyarrow.concat_tables([page.tables[entity] for page in pages if entity in page.tables])
        for entity in (Entity.ORDER_LINE, Entity.REFUND, Entity.ORDER)
    )
    assert (lines.num_rows, refunds.num_rows, orders.num_rows) == (532_621, 9_288, 19_960)
    digests = pyarrow.concat_tables([lines.select(["line_digest"]), refunds.select(["line_digest"])])
    assert digests.num_rows - len(pc.unique(digests["line_digest"])) == 5_268
    price = pc.cast(lines["price"], pyarrow.float64())
    assert pc.sum(pc.less_equal(price, 0)).as_py() == 2_517
    assert pc.sum(pc.is_null(lines["title"])).as_py() == 1_454
    services = pc.unique(lines.filter(pc.equal(lines["kind"], "service"))["product_id"])
    # Discounts, and the commission of a charity, stand on cancelling invoices alone.
    assert set(services.to_pylist()) == {
        "AMAZONFEE", "B", "BANK CHARGES", "C2", "DOT", "M", "PADS", "POST", "S", "m",
    }  # fmt: skip
    assert len(pc.unique(orders["customer_id"]).drop_null()) == 4_338
    amounts = pc.cast(refunds["amount"], pyarrow.float64())
    assert pc.min(amounts).as_py() > 0
    first = orders.slice(0, 1).to_pylist()[0]
    assert (first["order_id"], first["customer_id"], first["created_at"], first["total"]) == (
        "536365",
        "17850",
        "2010-12-01T08:26:00+00:00",
        "139.12",
    )
