"""An order and all that ever happens to it, and how it stands at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    NORMAL = "normal"
    COD = "cod"
    DIFFERENCE = "difference"  # a price-difference link
    PRESALE = "presale"


class What(StrEnum):
    """What can happen to an order. Each moves its `modified`."""

    CREATED = "created"
    PENDING = "pending"  # a payment is under way
    DEPOSIT = "deposit"  # of a pre-sale
    PAID = "paid"
    CLOSED = "closed"  # before payment
    PART_SHIPPED = "part_shipped"
    SHIPPED = "shipped"
    SIGNED = "signed"  # cash on delivery: handed over
    FINISHED = "finished"
    REFUND_ASKED = "refund_asked"
    REFUND_AGREED = "refund_agreed"  # the goods come back
    REFUND_REFUSED = "refund_refused"
    REFUNDED = "refunded"
    RENUMBERED = "renumbered"  # its parcels go under other tracking numbers from then on
    MEMO = "memo"  # the seller noted something: nothing a pipeline cares for, but modified moves


Change = tuple[int, What]  # instant in seconds since 1970, UTC


@dataclass(frozen=True, slots=True)
class Stop:
    """A scan that is written down, not thrown for: instant in seconds since 1970, the platform's action, its words."""

    at: int
    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a product by its place in the catalogue (-1: price difference), its sku, how many, price in fen."""

    product: int
    sku: int
    count: int
    price: int


@dataclass(frozen=True, slots=True)
class Order:
    """One trade with its whole life; instants in seconds since 1970, UTC; money in fen.

    Attributes:
        closes_at: when the platform closes it if nobody pays.
        delivered_at: of the parcel, 0 if it never is.
        mishap: what befell the parcel: "", delayed, refused or lost.
        coupon: the part of the discount that a coupon made.
        logs: the scans of each parcel, where its story is written; empty: they follow from the rest.
    """

    tid: int
    buyer: int
    kind: Kind
    trade_type: str
    source: int
    created: int
    closes_at: int
    province: int
    lines: tuple[Line, ...]
    discount: int
    post_fee: int
    carrier: int
    delivered_at: int
    mishap: str
    changes: tuple[Change, ...]
    logs: tuple[tuple[Stop, ...], ...] = ()
    coupon: int = 0

    @property
    def goods(self) -> int:
        """Price of the goods before discount, fen."""
        return sum(line.price * line.count for line in self.lines)

    @property
    def payment(self) -> int:
        """What the buyer pays, freight included, fen."""
        return self.goods - self.discount + self.post_fee

    @property
    def is_split(self) -> bool:
        """Whether it goes in two parcels."""
        return any(what is What.PART_SHIPPED for _, what in self.changes)

    def when(self, what: What) -> int:
        """The first time something happens to it, 0 if never."""
        return next((at for at, kind in self.changes if kind is what), 0)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands at an instant: when each thing had first happened by then, and its last change."""

    order: Order
    modified: int
    happened: dict[What, int]

    def when(self, what: What) -> int:
        """When something happened, 0 if it had not by then."""
        return self.happened.get(what, 0)

    @property
    def status(self) -> str:
        """The trade status in the platform's words."""
        had = self.happened
        if What.REFUNDED in had and len(self.order.lines) == 1:
            return "TRADE_CLOSED"
        for what, status in _STATUS_BY_LAST:
            if what in had:
                return status
        return "WAIT_SELLER_SEND_GOODS" if self.order.kind is Kind.COD else "WAIT_BUYER_PAY"

    @property
    def step_status(self) -> str | None:
        """How far a pre-sale is, in the platform's words; None for other kinds."""
        if self.order.kind is not Kind.PRESALE:
            return None
        if What.PAID in self.happened:
            return "FRONT_PAID_FINAL_PAID"
        if What.DEPOSIT not in self.happened:
            return "FRONT_NOPAID_FINAL_NOPAID"
        return "FRONT_PAID_FRONT_FORFEITED" if What.CLOSED in self.happened else "FRONT_PAID_FINAL_NOPAID"

    @property
    def refund_status(self) -> str:
        """The refund's state in the platform's words, NO_REFUND if none was asked."""
        for what, status in _REFUND_STATUS:
            if what in self.happened:
                return status
        return "NO_REFUND"


_STATUS_BY_LAST = (
    (What.FINISHED, "TRADE_FINISHED"),
    (What.CLOSED, "TRADE_CLOSED_BY_TAOBAO"),
    (What.SIGNED, "TRADE_BUYER_SIGNED"),
    (What.SHIPPED, "WAIT_BUYER_CONFIRM_GOODS"),
    (What.PART_SHIPPED, "SELLER_CONSIGNED_PART"),
    (What.PAID, "WAIT_SELLER_SEND_GOODS"),
    (What.PENDING, "PAY_PENDING"),
)

_REFUND_STATUS = (
    (What.REFUNDED, "SUCCESS"),
    (What.REFUND_REFUSED, "CLOSED"),
    (What.REFUND_AGREED, "WAIT_BUYER_RETURN_GOODS"),
    (What.REFUND_ASKED, "WAIT_SELLER_AGREE"),
)


def standing(order: Order, at: int) -> Standing | None:
    """How an order stands at an instant; None before it was made."""
    if order.created > at:
        return None
    happened: dict[What, int] = {}
    modified = order.created
    for moment, what in order.changes:
        if moment > at:
            break
        happened.setdefault(what, moment)
        modified = moment
    return Standing(order, modified, happened)
