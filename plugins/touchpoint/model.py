"""The words of the product as types: small, frozen, without behaviour of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class Cadence(StrEnum):
    INTRADAY = "intraday"
    DAILY = "daily"
    MONTHLY = "monthly"


class Purpose(StrEnum):
    TRANSACTIONAL = "transactional"
    PROMOTIONAL = "promotional"


class Mode(StrEnum):
    SEND = "send"
    RECOMPUTE = "recompute"  # decisions recomputed and compared with the ledger; nothing enqueued


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


class AddressKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    OAID = "oaid"  # order-bound platform handle
    OUID = "ouid"  # the platform's stable buyer key


class Entity(StrEnum):
    """What lands.

    A source is asked for all but three: lines and refunds come with orders, scans with parcels.
    """

    MEMBER = "member"
    PRODUCT = "product"
    ORDER = "order"
    ORDER_LINE = "order_line"
    REFUND = "refund"
    PAYMENT = "payment"
    SHIPMENT = "shipment"
    TRACKING_EVENT = "tracking_event"
    REVIEW = "review"
    INQUIRY = "inquiry"
    VISIT = "visit"


ORDER_SOURCES = ("app", "web", "flash_sale", "partner")
"""Where an order was made, in our words; a shop's own exports may say others."""
PAYMENT_KINDS = ("card", "debit_card", "voucher", "boleto")
"""How an order is paid, where a source says it in the words most do; a shop's own exports may say others."""


class Decision(StrEnum):
    ENQUEUED = "enqueued"  # final
    REPEATED = "repeated"  # decided before; never stored on a touch
    HELD_OUT = "held_out"  # final
    SUPPRESSED = "suppressed"  # decided afresh while the audience returns it
    CAPPED = "capped"  # decided afresh
    OUTRANKED = "outranked"  # decided afresh
    EXPIRED = "expired"  # final


FINAL_DECISIONS = frozenset({Decision.ENQUEUED, Decision.HELD_OUT, Decision.EXPIRED})


class Rejection(StrEnum):
    """What a marketer means who rejects; by their words nothing is lost that they did not give up by name."""

    BACK_FOR_CHANGES = "back_for_changes"  # the touches are freed, and asked about anew in the next round
    NOT_THIS_MONTH = "not_this_month"  # final


class MessageState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"  # leased, no attempt committed yet
    SENDING = "sending"  # attempt committed, provider being called
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # may or may not have reached the provider
    ABANDONED = "abandoned"  # unknown for good, never sent again


@dataclass(frozen=True)
class Window:
    """Half-open interval of business time, [start, end), both aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Run:
    """One DAG run (or shell run) of one shop, as stored in ledger.run."""

    run_no: int
    realm: str
    shop_id: str
    dag_id: str
    run_id: str
    cadence: Cadence
    run_type: str
    as_of: datetime
    mode: Mode
    is_at_head: bool


@dataclass(frozen=True)
class Candidate:
    """A (customer, occasion, step) row an audience statement returned; instants aware.

    Attributes:
        variant: of the template, where the statement chooses it; None: the campaign file does, by stage.
    """

    campaign_id: str
    step: str
    occasion: str
    identity: UUID
    customer_id: str
    not_before: datetime
    not_after: datetime
    covers: tuple[str, ...] = ()
    exclude_reason: str | None = None
    stage: str | None = None
    variant: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """One message in hand, rendered, on its way to a provider.

    Attributes:
        attempt_id: ours, committed before the call; SMTP's Message-ID is made from it.
        address: the normalised phone (E.164) or e-mail. Never logged.
        params: what the provider's registered template is filled with (SMS).
    """

    attempt_id: str
    message_id: int
    address: str
    address_hash: str
    template_code: str = ""
    params: dict[str, str] = field(default_factory=dict)
    text: str = ""
    html: str = ""
    subject: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class SendState(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # the provider said no to this recipient: final
    RETRYABLE = "retryable"  # surely not sent: connection refused, throttled
    PAUSED = "paused"  # the channel cannot send at all now (balance, daily limit): surely not sent
    UNKNOWN = "unknown"  # read time-out, 5xx, reset: may have been sent


@dataclass(frozen=True)
class SendResult:
    """What became of one recipient of one provider call."""

    attempt_id: str
    state: SendState
    provider_ref: str | None = None
    error_code: str | None = None
    segments: int | None = None
    cost_minor: Decimal | None = None


@dataclass(frozen=True)
class UnresolvedAttempt:
    """An attempt that may have reached the provider, as the resolver asks about it."""

    attempt_id: str
    group_id: str
    address: str
    address_hash: str
    started_on: date
