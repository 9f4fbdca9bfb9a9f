"""The columns of landing.<entity> a source may fill, and what each holds; a test holds them equal to the schema's."""

from __future__ import annotations

from enum import StrEnum

from touchpoint.column_rules import RULES, Kind
from touchpoint.model import Entity


class Holds(StrEnum):
    """What the text of a column stands for."""

    TEXT = "text"
    INSTANT = "instant"  # ISO 8601 with offset
    DAY = "day"  # YYYY-MM-DD
    MONEY = "money"  # decimal, major units


_HOLDS = {Kind.INSTANT: Holds.INSTANT, Kind.DAY: Holds.DAY, Kind.MONEY: Holds.MONEY, Kind.PRICE: Holds.MONEY}

COLUMNS: dict[Entity, dict[str, Holds]] = {
    entity: {name: _HOLDS.get(rule.kind, Holds.TEXT) for name, rule in rules.items()} for entity, rules in RULES.items()
}

REQUIRED: dict[Entity, tuple[str, ...]] = {
    Entity.MEMBER: ("customer_id",),
    Entity.PRODUCT: ("product_id", "currency"),
    Entity.ORDER: ("order_id", "customer_id", "created_at", "total", "currency"),
    Entity.ORDER_LINE: ("order_id", "line_id", "quantity", "net", "currency"),
    Entity.REFUND: ("refund_id", "amount", "currency"),
    Entity.SHIPMENT: ("shipment_id", "order_id", "shipped_at"),
    Entity.TRACKING_EVENT: ("shipment_id", "happened_at", "state"),
    Entity.PAYMENT: ("payment_id", "order_id", "amount", "currency", "happened_at"),
    Entity.REVIEW: ("order_id", "review_id", "score"),
    Entity.INQUIRY: ("inquiry_id", "happened_at"),
    Entity.VISIT: ("visit_id", "customer_id", "happened_at"),
}
"""Without these a row means nothing, so a mapping has to give them."""
