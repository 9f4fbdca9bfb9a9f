"""The real Tmall export, by the mapping of this repository."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.sources.conformance import conforms, rows_of

from touchpoint.model import Entity, Window
from touchpoint.settings import Shop
from touchpoint.sources.files.mapping import load_mapping
from touchpoint.sources.files.source import FilesSource
from touchpoint.statements import ROOT

DATA = Path(os.environ.get("TOUCHPOINT_DATA", ROOT / ".." / "shared" / "data"))
EXPORT = DATA / "tmall_order_report.csv.gz"
WINDOW = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 20, tzinfo=UTC))

pytestmark = pytest.mark.skipif(
    not EXPORT.is_file(), reason=f"the real data is absent: no tmall_order_report.csv.gz in $TOUCHPOINT_DATA ({DATA})"
)


def opened() -> FilesSource:
    shop = Shop.model_validate(
        {
            "id": "tmall", "name": "T", "platform": "files", "zone": "Asia/Shanghai", "locale": "zh-CN",
            "currency": "CNY", "signature": "T", "agent_contact": "-", "cut_off": "16:00", "sending": "on",
            "sources": {},
        }
    )  # fmt: skip
    return FilesSource(shop, load_mapping("tmall_orders"), DATA)


def test_its_figures_are_the_known_ones():
    pages = list(opened().read(Entity.ORDER, WINDOW))
    orders, refunds = rows_of(pages, Entity.ORDER), rows_of(pages, Entity.REFUND)
    assert len(orders) == len({row["order_id"] for row in orders}) == 28_010
    assert sum(row["paid_at"] is not None for row in orders) == 24_087
    assert Counter(row["payment_state"] for row in orders) == {"paid": 24_087, "none": 28_010 - 24_087}
    assert {row["paid"] is None for row in orders if row["paid_at"] is None} == {True}
    gross = sum(Decimal(row["paid"]) for row in orders if row["paid_at"])
    assert gross == Decimal("2474823.07")
    assert len(refunds) == 5_646
    assert sum(Decimal(row["amount"]) for row in refunds) == Decimal("572335.92")
    assert gross - sum(Decimal(row["amount"]) for row in refunds) == Decimal("1902487.15")
    assert not any(page.malformed for page in pages)


def test_times_are_of_china_and_an_order_closes_a_day_after_it_was_made():
    by_id = {row["order_id"]: row for row in rows_of(opened().read(Entity.ORDER, WINDOW), Entity.ORDER)}
    assert by_id["2"]["created_at"] == "2020-02-20T23:59:54+08:00"
    assert by_id["2"]["paid_at"] == "2020-02-21T00:00:02+08:00"
    assert by_id["2"]["closes_at"] == "2020-02-21T23:59:54+08:00"
    assert by_id["2"]["customer_id"] == "2"


def test_every_order_has_a_buyer_who_can_be_reached():
    (page,) = opened().read(Entity.MEMBER, WINDOW)
    members = page.tables[Entity.MEMBER].to_pylist()
    assert len({row["phone"] or row["email"] for row in members}) == len(members) == 28_010
    assert page.file is not None


def test_it_conforms():
    conforms(opened, Entity.MEMBER, WINDOW)
