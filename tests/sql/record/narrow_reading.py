"""A plain reading of all versions of all facts: what the narrow facts, read through a scope, are held to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
NORMAL_DAYS = 2
KEYS = {
    "orders": ("order_id",),
    "order_lines": ("order_id", "line_id"),
    "products": ("product_id",),
    "refunds": ("refund_id",),
    "reviews": ("order_id", "review_id"),
    "inquiries": ("inquiry_id",),
    "visits": ("visit_id",),
    "shipments": ("shipment_id",),
    "tracking_events": ("shipment_id", "event_key"),
}
DAY = timedelta(days=1)
EPOCH = date(1970, 1, 1)
Fact = dict[str, Any]


@dataclass
class Everything:
    """All versions, with when each was learned. Customers by name; the guest is in nothing."""

    versions: list[tuple[datetime, str, tuple[str, ...], Fact]] = field(default_factory=list)

    def learn(self, known_at: datetime, table: str, fact: Fact) -> None:
        self.versions.append((known_at, table, tuple(fact[key] for key in KEYS[table]), fact))

    def last_known(self, table: str, fact: Fact) -> datetime | None:
        key = tuple(fact[name] for name in KEYS[table])
        return max((at for at, name, of, _ in self.versions if (name, of) == (table, key)), default=None)

    def known(self, table: str, by: datetime) -> dict[tuple[str, ...], Fact]:
        found = {}
        for known_at, name, key, fact in self.versions:
            if name == table and known_at <= by:
                found[key] = fact
        return found

    def paid(self, at: datetime, by: datetime, *, purchases: bool = True) -> dict[str, Fact]:
        return {
            key: order
            for (key,), order in self.known("orders", by).items()
            if order["paid_at"] and order["paid_at"] <= at and order["customer"] != "guest"
            if (order.get("kind") != "price_difference") == purchases
        }

    def price_differences(self, at: datetime, by: datetime) -> Iterator[tuple[Any, ...]]:
        for order in self.paid(at, by, purchases=False).values():
            paid = order["paid_minor"] if order["paid_minor"] is not None else order["total_minor"]
            yield order["customer"], order["paid_at"], paid

    def goods(self, order_id: str, by: datetime) -> list[Fact]:
        lines = self.known("order_lines", by).values()
        return [line for line in lines if line["order_id"] == order_id and line["kind"] == "goods"]

    def purchases(self, at: datetime, by: datetime) -> Iterator[tuple[Any, ...]]:
        for key, order in self.paid(at, by).items():
            local = order["paid_at"].astimezone(ZONE)
            quantities = [line["quantity"] for line in self.goods(key, by)]
            items = order["item_count"] if order["item_count"] is not None else sum(quantities) if quantities else None
            yield (
                order["customer"],
                order["paid_at"],
                (local.date() - EPOCH).days,
                local.hour,
                local.day,
                order["paid_minor"] if order["paid_minor"] is not None else order["total_minor"],
                items,
                order["discount_minor"],
                order["coupon_minor"],
                order["region"] or None,
                order["device"] or None,
            )

    def lines(self, at: datetime, by: datetime) -> Iterator[tuple[Any, ...]]:
        products = self.known("products", by)
        for key, order in self.paid(at, by).items():
            sums: dict[tuple[Any, ...], list[int]] = {}
            for line in self.goods(key, by):
                product = products.get((line["product_id"],), {})
                listed_at, price = product.get("listed_at"), line["price_minor"]
                kind = (
                    product.get("series") or None,
                    product.get("category") or None,
                    line["size"] or product.get("size") or None,
                    None if price is None else line["net_minor"] < price * line["quantity"],
                    order["paid_at"] < listed_at + 30 * DAY if listed_at and listed_at <= order["paid_at"] else None,
                )
                found = sums.setdefault(kind, [0, 0])
                found[0] += line["quantity"]
                found[1] += line["net_minor"]
            for kind, (quantity, net) in sums.items():
                yield (order["customer"], order["paid_at"], *kind, quantity, net)

    def orders_of(self, at: datetime, by: datetime, place: int) -> dict[tuple[str, str | None], int]:
        """Paid orders by customer and series (place 2) or category (place 3)."""
        counted: dict[tuple[str, str | None], int] = {}
        for key in self.paid(at, by):
            alone = Everything([one for one in self.versions if one[1] == "products" or one[3].get("order_id") == key])
            for customer, word in {(row[0], row[place]) for row in alone.lines(at, by)}:
                counted[customer, word] = counted.get((customer, word), 0) + 1
        return counted

    def owner(self, order_id: str | None, by: datetime) -> str | None:
        found = self.known("orders", by).get((order_id or "",))
        return found and found["customer"]

    def refunds(self, at: datetime, by: datetime) -> Iterator[tuple[Any, ...]]:
        for refund in self.known("refunds", by).values():
            customer = self.owner(refund["order_id"], by) or refund["customer"]
            if refund["state"] == "succeeded" and refund["happened_at"] <= at and customer not in (None, "guest"):
                yield customer, refund["happened_at"], refund["amount_minor"]

    def events(self, at: datetime, by: datetime) -> Iterator[tuple[Any, ...]]:
        found = [
            *(
                (self.owner(review["order_id"], by), "review", review["happened_at"], review["score"])
                for review in self.known("reviews", by).values()
            ),
            *(
                (one["customer"] or self.owner(one["order_id"], by), one["kind"], one["happened_at"], None)
                for one in self.known("inquiries", by).values()
            ),
            *(
                (visit["customer"], "visit", visit["happened_at"], visit["seconds"])
                for visit in self.known("visits", by).values()
            ),
            *self.late(at, by),
        ]
        yield from (event for event in found if event[0] not in (None, "guest") and event[2] <= at)

    def late(self, at: datetime, by: datetime) -> Iterator[tuple[Any, ...]]:
        orders = self.known("orders", by)
        for (key,), parcel in self.known("shipments", by).items():
            order = orders.get((parcel["order_id"],))
            scans = [scan for scan in self.known("tracking_events", by).values() if scan["shipment_id"] == key]
            own = [scan for scan in scans if scan["happened_at"] > parcel["shipped_at"] - 3 * DAY]
            late_from = _late_from(parcel, [scan["happened_at"] for scan in own if scan["state"] != "other"])
            if order is None or late_from is None:
                continue
            ends = [scan["happened_at"] for scan in scans if scan["state"] in ("delivered", "returned")]
            ends += [scan["happened_at"] for scan in own if scan["state"] == "ready_for_pickup"]
            ends += [order[name] for name in ("closed_at", "finished_at") if order[name]]
            ends += [
                refund["happened_at"]
                for refund in self.known("refunds", by).values()
                if refund["order_id"] == parcel["order_id"] and refund["state"] == "succeeded"
            ]
            over_at = min(ends, default=None)
            if over_at is None or over_at >= late_from:
                kept = (late_from.astimezone(ZONE) - timedelta(microseconds=1)).date()
                days = (over_at.astimezone(ZONE).date() - kept).days if over_at and over_at <= at else None
                yield order["customer"], "late_parcel", late_from, days


def _late_from(parcel: Fact, scans: list[datetime]) -> datetime | None:
    promised_at = parcel["promised_at"]
    if promised_at is None:
        if not scans:
            return None
        day = min(scans).astimezone(ZONE).date() + (NORMAL_DAYS + 1) * DAY
    elif (local := promised_at.astimezone(ZONE)).time() == time(0):
        day = local.date() + DAY
    else:
        return promised_at
    return datetime.combine(day, time(0), ZONE).astimezone(UTC)
