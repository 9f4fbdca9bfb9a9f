"""Offers of a shop: what the file promises, and how much of it is given out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from touchpoint.db import Transaction
from touchpoint.settings import Offer, Shop


@dataclass(frozen=True)
class OfferUse:
    """One offer in one shop.

    Attributes:
        quota, opens_at, closes_at: as configured now; None where the file does not make it in this shop any more.
        used: slots held, by messages that went or may have gone, are in hand, or will be tried again.
        accepted, waiting: messages that promise it, gone out and still to go.
        too_late: cancelled because it was all gone.
    """

    offer_id: str
    text: str
    quota: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    used: int
    accepted: int
    waiting: int
    too_late: int

    @property
    def left(self) -> int | None:
        """Slots nobody holds; none where the quota was lowered below what is used."""
        return None if self.quota is None else max(self.quota - self.used, 0)

    def state(self, at: datetime) -> str:
        """open, not_begun, over, gone, or withdrawn: not in the file any more."""
        if self.opens_at is None or self.closes_at is None:
            return "withdrawn"
        if at >= self.closes_at:
            return "over"
        return "not_begun" if at < self.opens_at else "open" if self.left else "gone"


def offers_of(tx: Transaction, *, realm: str, shop: Shop, offers: Mapping[str, Offer]) -> list[OfferUse]:
    """Every offer that the file makes in a shop, or that a message of it promised, by id."""
    counted = {row["offer_id"]: row for row in tx.many("reports/offers", realm=realm, shop_id=shop.id)}
    made = {offer_id: offer for offer_id, offer in offers.items() if shop.id in offer.shops}
    return [
        _use(offer_id, made.get(offer_id), counted.get(offer_id, {}), shop) for offer_id in sorted({*made, *counted})
    ]


def _use(offer_id: str, offer: Offer | None, counts: Mapping[str, int], shop: Shop) -> OfferUse:
    terms = offer.shops[shop.id] if offer else None
    return OfferUse(
        offer_id=offer_id,
        text=offer.text.get(shop.locale, "") if offer else "",
        quota=terms.quota if terms else None,
        opens_at=terms.opens_at(shop.tz) if terms else None,
        closes_at=terms.closes_at(shop.tz) if terms else None,
        used=counts.get("used", 0),
        accepted=counts.get("accepted", 0),
        waiting=counts.get("waiting", 0),
        too_late=counts.get("too_late", 0),
    )
