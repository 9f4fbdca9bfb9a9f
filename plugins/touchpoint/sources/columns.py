"""The columns of landing.<entity> a source may fill, and what each holds; a test holds them equal to the schema's."""

from __future__ import annotations

from enum import StrEnum

from touchpoint.model import Entity


class Holds(StrEnum):
    """What the text of a column stands for."""

    TEXT = "text"
    INSTANT = "instant"  # ISO 8601 with offset
    DAY = "day"  # YYYY-MM-DD
    MONEY = "money"  # decimal, major units


def _columns(text: str = "", instant: str = "", day: str = "", money: str = "") -> dict[str, Holds]:
    given = {Holds.TEXT: text, Holds.INSTANT: instant, Holds.DAY: day, Holds.MONEY: money}
    return {name: holds for holds, names in given.items() for name in names.split()}


COLUMNS: dict[Entity, dict[str, Holds]] = {
    Entity.MEMBER: _columns(
        text="customer_id display_name phone email locale gender sms_promotional sms_promotional_method"
        " email_promotional email_promotional_method is_synthetic",
        instant="joined_at sms_promotional_at email_promotional_at modified_at",
        day="birthday",
    ),
    Entity.PRODUCT: _columns(
        text="product_id title series category size currency", instant="listed_at modified_at", money="price"
    ),
    Entity.ORDER: _columns(
        text="order_id customer_id oaid source kind payment_state payment_kind currency item_count region city status"
        " device",
        instant="created_at paid_at closes_at closed_at shipped_at finished_at modified_at",
        money="total paid discount coupon",
    ),
    Entity.ORDER_LINE: _columns(
        text="order_id line_id product_id sku_id title quantity currency kind size line_digest priced",
        instant="modified_at",
        money="price net",
    ),
    Entity.REFUND: _columns(
        text="refund_id order_id customer_id currency state line_digest priced",
        instant="happened_at modified_at",
        money="amount",
    ),
    Entity.SHIPMENT: _columns(
        text="shipment_id order_id carrier tracking_no region", instant="shipped_at promised_at modified_at"
    ),
    Entity.TRACKING_EVENT: _columns(text="shipment_id state place description", instant="happened_at"),
    Entity.PAYMENT: _columns(
        text="payment_id order_id kind currency state", instant="happened_at modified_at", money="amount"
    ),
    Entity.REVIEW: _columns(text="order_id review_id score", instant="happened_at modified_at"),
    Entity.INQUIRY: _columns(text="inquiry_id customer_id order_id kind scenario", instant="happened_at modified_at"),
    Entity.VISIT: _columns(text="visit_id customer_id seconds pages device", instant="happened_at modified_at"),
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
