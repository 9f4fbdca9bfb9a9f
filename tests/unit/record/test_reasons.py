"""Lines that explain a customer: amounts as fine as the shop's coins, one of a thing in the singular."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import make_segments, make_shop

from touchpoint.record import reasons

AT = datetime(2026, 2, 1, tzinfo=UTC)


def customer(**changed: Any) -> dict[str, Any]:
    return {
        "order_count": 3, "first_paid_at": AT, "last_paid_at": AT, "purchase_days": 2, "paid_minor": 1000,
        "refund_minor": 0, "refund_count": 0, "net_minor": 1000, "mean_gap": timedelta(days=1), "item_count": 3,
        "item_orders": 3, "item_paid_minor": 1000, "discount_count": None, "coupon_count": None,
        "recency": timedelta(days=2), "has_paid": True, "stage": "loyal", **changed,
    }  # fmt: skip


def told(shop: Any, found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    met = frozenset({"refund"})
    rows = [
        *reasons.stage(found, make_segments()),
        *reasons.values(found, shop, met, {}),
        *reasons.items(found, shop, met, {}),
    ]
    return {line["what"]: (str(line["value"]), line["why"]) for line in rows}


@pytest.mark.parametrize(("currency", "each"), [("JPY", "333"), ("EUR", "3.33"), ("KWD", "0.333")])
def test_an_amount_over_so_many_is_as_fine_as_the_coins_of_the_shop(currency: str, each: str) -> None:
    found = told(make_shop(currency=currency), customer())
    assert (found["order value"][0], found["price per item"][0]) == (each, each)


def test_one_of_a_thing_is_no_many() -> None:
    once = {
        "order_count": 1,
        "refund_count": 1,
        "purchase_days": 1,
        "item_count": 1,
        "item_orders": 1,
        "recency": timedelta(days=1),
    }
    found = told(make_shop(), customer(**once))
    assert found["stage"][1].startswith("1 paid order, 1 day of silence; ")
    assert found["orders"][1].endswith("on 1 day")
    assert found["order value"][1] == "paid, over 1 order"
    assert found["items per order"][1] == "1 piece in 1 order that said"
    assert found["net"][1].endswith(" in 1 refund")
    several = told(make_shop(), customer())
    assert several["stage"][1].startswith("3 paid orders, 2 days of silence; ")
    assert several["items per order"][1] == "3 pieces in 3 orders that said"
