"""What each column of each landing table has to be: its kind, whether it must be there, its length and characters.

The one declaration of these rules. The gate quarantines a row with a cell that breaks its column's rule, so that
whatever follows may cast, index and copy every cell. What a kind means in SQL stands in landing.is_cell; words a column
may hold, and rules over several columns, in include/sql/checks/rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from touchpoint.model import Entity


class Kind(StrEnum):
    """What the text of a cell has to be."""

    KEY = "key"  # ids and what is looked up by: no character that cannot be seen
    WORD = "word"  # the source's own short words: likewise
    ADDRESS = "address"  # likewise, longer
    NAME = "name"  # a short text for people: line breaks, tabs and marks of direction may stand in it
    TEXT = "text"  # a long one
    INSTANT = "instant"  # ISO 8601 with offset, 1970 to 2199
    DAY = "day"  # YYYY-MM-DD
    MONEY = "money"  # a decimal in major units, as fine as the coin, from 0 to 10^13 minor units
    PRICE = "price"  # for one piece: it may be finer than the coin
    COUNT = "count"  # pieces: fewer than 10^9 either way, at most six decimals
    SECONDS = "seconds"  # from 0, fewer than 10^9; fractions are rounded
    PAGES = "pages"  # a whole number from 0, fewer than 10^9
    FLAG = "flag"
    CURRENCY = "currency"  # an ISO 4217 code


LONGEST: dict[Kind, int] = {Kind.KEY: 200, Kind.WORD: 200, Kind.NAME: 200, Kind.ADDRESS: 500, Kind.TEXT: 2000}
"""Characters a cell may have. An index takes 2,700 bytes: two keys of 200 characters, four bytes each, and a shop."""


@dataclass(frozen=True)
class Rule:
    """The rule of one column. `is_required`: a row without it means nothing."""

    kind: Kind
    is_required: bool = False

    @property
    def longest(self) -> int | None:
        """Characters it may have; None where its kind bounds it."""
        return LONGEST.get(self.kind)


def _rules(required: str, **columns: str) -> dict[str, Rule]:
    needed = required.split()
    return {name: Rule(Kind(kind), name in needed) for kind, names in columns.items() for name in names.split()}


RULES: dict[Entity, dict[str, Rule]] = {
    Entity.MEMBER: _rules(
        "customer_id",
        key="customer_id",
        name="display_name",
        address="phone email",
        word="locale gender sms_promotional_method email_promotional_method",
        instant="joined_at sms_promotional_at email_promotional_at modified_at",
        day="birthday",
        flag="sms_promotional email_promotional is_synthetic",
    ),
    Entity.PRODUCT: _rules(
        "product_id",
        key="product_id",
        text="title",
        name="series category size",
        instant="listed_at modified_at",
        money="price",
        currency="currency",
    ),
    Entity.ORDER: _rules(
        "order_id created_at total",
        key="order_id customer_id",
        address="oaid",
        word="source kind payment_state payment_kind status device",
        name="region city",
        instant="created_at paid_at closes_at closed_at shipped_at finished_at modified_at",
        money="total paid discount coupon",
        count="item_count",
        currency="currency",
    ),
    Entity.ORDER_LINE: _rules(
        "order_id line_id quantity net",
        key="order_id line_id product_id sku_id line_digest",
        text="title",
        name="size",
        word="kind priced",
        instant="modified_at",
        money="net",
        price="price",
        count="quantity",
        currency="currency",
    ),
    Entity.REFUND: _rules(
        "refund_id amount",
        key="refund_id order_id customer_id line_digest",
        word="state priced",
        instant="happened_at modified_at",
        money="amount",
        currency="currency",
    ),
    Entity.PAYMENT: _rules(
        "payment_id order_id happened_at amount",
        key="payment_id order_id",
        word="kind state",
        instant="happened_at modified_at",
        money="amount",
        currency="currency",
    ),
    Entity.SHIPMENT: _rules(
        "shipment_id order_id shipped_at",
        key="shipment_id order_id tracking_no",
        word="carrier",
        name="region",
        instant="shipped_at promised_at modified_at",
    ),
    Entity.TRACKING_EVENT: _rules(
        "shipment_id happened_at",
        key="shipment_id",
        word="state",
        text="place description",
        instant="happened_at",
    ),
    Entity.REVIEW: _rules(
        "order_id review_id", key="order_id review_id", word="score", instant="happened_at modified_at"
    ),
    Entity.INQUIRY: _rules(
        "inquiry_id happened_at",
        key="inquiry_id customer_id order_id",
        word="kind",
        name="scenario",
        instant="happened_at modified_at",
    ),
    Entity.VISIT: _rules(
        "visit_id customer_id happened_at",
        key="visit_id customer_id",
        word="device",
        instant="happened_at modified_at",
        seconds="seconds",
        pages="pages",
    ),
}
"""Landing entity -> column -> its rule; a test holds the columns equal to the schema's."""

CELL_REASONS: dict[Kind, tuple[str, ...]] = {
    Kind.KEY: ("missing_key", "key_too_long", "odd_characters"),
    Kind.WORD: ("text_too_long", "odd_characters"),
    Kind.NAME: ("text_too_long", "odd_characters"),
    Kind.ADDRESS: ("text_too_long", "odd_characters"),
    Kind.TEXT: ("text_too_long", "odd_characters"),
    Kind.INSTANT: ("missing_instant", "unreadable_instant"),
    Kind.DAY: ("unreadable_day",),
    Kind.MONEY: ("missing_amount", "unreadable_amount", "negative_amount", "amount_too_large"),
    Kind.PRICE: ("unreadable_amount", "negative_amount", "amount_too_large"),
    Kind.COUNT: ("unreadable_count", "count_too_large"),
    Kind.SECONDS: ("unreadable_count", "count_too_large"),
    Kind.PAGES: ("unreadable_count", "count_too_large"),
    Kind.FLAG: ("unreadable_flag",),
    Kind.CURRENCY: ("unknown_currency",),
}
"""Why a cell of a kind can be refused, as landing.cell_fault says it."""


def columns_of(entity: Entity, *kinds: Kind) -> list[str]:
    """The columns of an entity that are of these kinds."""
    return [name for name, rule in RULES[entity].items() if rule.kind in kinds]


def cell_reasons(entity: Entity) -> tuple[str, ...]:
    """Every reason a cell of an entity can be refused for."""
    rules = RULES[entity].values()
    found = [
        reason
        for rule in rules
        for reason in CELL_REASONS[rule.kind]
        if rule.is_required or not reason.startswith("missing_")
    ]
    return tuple(dict.fromkeys(found))
