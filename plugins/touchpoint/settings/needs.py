"""What a tag may stand on: a kind of fact, or a column of one, and what a shop connects to have it."""

from __future__ import annotations

from dataclasses import dataclass

from touchpoint.model import Entity


@dataclass(frozen=True)
class Need:
    """A fact, or a column of it.

    Attributes:
        source: the entity whose source brings it (`sources:` of a shop file).
        column: whether having the source is not enough: something of it must have come.
        remedy: what the shop does to have it.
    """

    source: str
    column: bool
    remedy: str


def _source(entity: str, page: str = "docs/your_shop.md") -> Need:
    return Need(entity, False, f"connect {entity}s: a source `{entity}` in the shop's file ({page})")


def _column(entity: str, what: str) -> Need:
    return Need(entity, True, f"{what} must come with the source `{entity}` (docs/adding_a_source.md)")


NEEDS: dict[str, Need] = {
    "order": _source(Entity.ORDER),
    "shipment": _source(Entity.SHIPMENT),
    "review": _source(Entity.REVIEW),
    "product": _source(Entity.PRODUCT),
    "member": _source(Entity.MEMBER),
    "payment": _source("payment"),
    "inquiry": Need("inquiry", False, "connect inquiries: a source `inquiry` in the shop's file (docs/your_shop.md)"),
    "visit": _source("visit"),
    # What comes with another entity is there when some of it has come.
    "order_line": _column(Entity.ORDER, "the lines of orders"),
    "refund": _column(Entity.ORDER, "refunds"),
    "order.discount": _column(Entity.ORDER, "what was taken off"),
    "order.coupon": _column(Entity.ORDER, "the coupons' part of what was taken off"),
    "order.device": _column(Entity.ORDER, "the device of an order"),
    "order.region": _column(Entity.ORDER, "the region of an order"),
    "order_line.price": _column(Entity.ORDER, "the list price of a line"),
    "order_line.size": _column(Entity.ORDER, "the size of a line"),
    "product.series": _column(Entity.PRODUCT, "the series of a product"),
    "product.category": _column(Entity.PRODUCT, "the category of a product"),
    "product.listed_at": _column(Entity.PRODUCT, "when a product was listed"),
    "product.size": _column(Entity.PRODUCT, "the size of a product"),
    "member.birthday": _column(Entity.MEMBER, "the birthday of a member"),
    "member.gender": _column(Entity.MEMBER, "the gender a member gave"),
    "visit.seconds": _column("visit", "how long a visit lasted"),
    "visit.device": _column("visit", "the device of a visit"),
}
"""Word in config/tags.yaml -> what it means."""
