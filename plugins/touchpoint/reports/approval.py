"""What a marketer who is asked about a campaign is told: how many, in which words, at what cost, and what was said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json, Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.model import Channel, Purpose
from touchpoint.money import EXPONENTS
from touchpoint.render.messages import Renderer, message_context
from touchpoint.reports.words import number
from touchpoint.settings import Shop
from touchpoint.sms_parts import segments

NOTE_LENGTH = 500
"""Characters of a marketer's note that are kept."""
PER_KIND = 200
"""So many texts of each kind of words are rendered to learn how many parts they are billed as."""


@dataclass(frozen=True)
class Kind:
    """Messages of one step and channel in the same words; `waiting`: those that may still go."""

    step: str
    channel: Channel
    template: str
    variant: str | None
    locale: str
    messages: int
    waiting: int


@dataclass(frozen=True)
class Cost:
    """What it costs to send what waits; e-mail costs nothing.

    Attributes:
        sms, email: messages.
        segments: parts the texts are billed as.
        is_estimate: whether only some of the texts were rendered.
        price: of one part, in the shop's currency; None: the shop's file does not say.
        amount: segments x price, in the shop's currency; None: unknown.
    """

    sms: int
    email: int
    segments: int
    is_estimate: bool
    price: Decimal | None
    amount: Decimal | None
    currency: str

    def as_dict(self) -> dict[str, Any]:
        """As the ledger keeps it."""
        return {
            "sms": self.sms,
            "email": self.email,
            "segments": self.segments,
            "is_estimate": self.is_estimate,
            "price": None if self.price is None else str(self.price),
            "amount": None if self.amount is None else str(self.amount),
            "currency": self.currency,
        }


@dataclass(frozen=True)
class Question:
    """A question that was asked, and its answer.

    Attributes:
        audience_hash: what was asked about (of the first occasion, where there are several).
        cost: as the marketer was told.
        asked_at, expires_at: business time.
        asked_real_at, answered_at: by the real clock; the latter is when Airflow took the answer.
        covers_now: whether what is in the outbox is still what was asked about.
    """

    question: UUID
    asked_at: datetime
    asked_real_at: datetime
    expires_at: datetime
    occasions: int
    first_occasion: str
    messages: int
    audience_hash: str
    cost: Cost | None
    answer: str | None
    who: str | None
    answered_at: datetime | None
    note: str | None
    covers_now: bool


@dataclass(frozen=True)
class State:
    """Where the approval of a campaign of a run stands: open, approved, rejected, ended."""

    run_no: int
    dag_id: str
    run_id: str
    shop_id: str
    campaign_id: str
    occasions: int
    first_occasion: str
    messages: int
    waiting: int
    expires_at: datetime
    standing_hash: str | None
    word: str


def kinds(tx: Transaction, run_no: int, campaign_id: str) -> list[Kind]:
    """What a run would send of a campaign."""
    rows = tx.many("reports/approval_kinds", run_no=run_no, campaign_id=campaign_id)
    return [Kind(**{**row, "channel": Channel(row["channel"])}) for row in rows]


def states(
    tx: Transaction, *, realm: str, shop_id: str, run_nos: list[int] | None, versions: Mapping[str, str], at: datetime
) -> list[State]:
    """The approvals some runs of a shop need, or with None all of them, as they stand at a business instant."""
    found = []
    for row in tx.many(
        "reports/approval_state", realm=realm, shop_id=shop_id, run_nos=run_nos, versions=Json(dict(versions))
    ):
        approved, rejected = row.pop("approved_occasions"), row.pop("rejected_occasions")
        found.append(State(**row, word=_word(row, approved, rejected, at)))
    return found


def asking(tx: Transaction, run_no: int) -> list[str]:
    """Campaigns of a run whose messages need an approval."""
    return [row["campaign_id"] for row in tx.many("reports/approval_asking", run_no=run_no)]


def questions(tx: Transaction, run_no: int, campaign_id: str, standing: str | None) -> list[Question]:
    """What was asked about a campaign of a run, newest first."""
    found = []
    for row in tx.many("reports/approval_questions", run_no=run_no, campaign_id=campaign_id):
        told, asked = row.pop("figures"), row.pop("asked_hash")
        found.append(Question(**row, cost=_cost_from(told), covers_now=asked == standing))
    return found


def cost(tx: Transaction, *, run_no: int, campaign: Campaign, shop: Shop, renderer: Renderer, at: datetime) -> Cost:
    """What sending what waits of a campaign would cost: some texts of each kind are rendered and their parts counted.

    A text that cannot be rendered would not go, and counts for nothing.
    """
    waiting = {Channel.SMS: 0, Channel.EMAIL: 0}
    for kind in kinds(tx, run_no, campaign.id):
        waiting[kind.channel] += kind.waiting
    sampled = tx.many("reports/approval_sampled", run_no=run_no, campaign_id=campaign.id, per_kind=PER_KIND)
    by_kind: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in sampled:
        by_kind[row["step"], row["template"], row["variant"], row["locale"]].append(row)
    parts = Decimal(0)
    for rows in by_kind.values():
        counted = _parts(tx, rows, campaign, shop, renderer, at)
        parts += Decimal(sum(counted)) * rows[0]["kind_messages"] / len(rows)
    billed = int(parts.to_integral_value(ROUND_HALF_UP))
    price = shop.sms.segment_price if shop.sms else None
    return Cost(
        sms=waiting[Channel.SMS],
        email=waiting[Channel.EMAIL],
        segments=billed,
        is_estimate=any(rows[0]["kind_messages"] > len(rows) for rows in by_kind.values()),
        price=price,
        amount=_amount(billed, price, shop.currency),
        currency=shop.currency,
    )


def cost_in_words(cost: Cost) -> str:
    """12.34 CNY: 274 SMS parts at 0.045 CNY; what was estimated says so, what is unknown too."""
    about = "about " if cost.is_estimate else ""
    parts = f"{about}{number(cost.segments)} SMS part{'' if cost.segments == 1 else 's'}"
    if not cost.sms:
        return f"0 {cost.currency}: e-mail alone"
    if cost.amount is None:
        return f"unknown: {parts}, and the shop's file names no sms.segment_price"
    return f"{about}{cost.amount} {cost.currency}: {parts} at {cost.price} {cost.currency}"


def _parts(
    tx: Transaction, rows: list[Row], campaign: Campaign, shop: Shop, renderer: Renderer, at: datetime
) -> list[int]:
    ids = [row["message_id"] for row in rows]
    contexts = {
        row["message_id"]: row for row in tx.many(f"outbox/context/{campaign.occasion}", message_ids=ids, at=at)
    }
    counted = []
    for row in rows:
        if row["message_id"] not in contexts:
            continue
        try:
            rendered = renderer.render(
                shop=shop,
                campaign=campaign.id,
                locale=row["locale"],
                template=row["template"],
                variant=row["variant"],
                channel=Channel.SMS,
                purpose=Purpose(row["purpose"]),
                context=message_context(shop, contexts[row["message_id"]], at),
            )
        except (TouchpointError, LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
            continue
        counted.append(segments(rendered.text))
    return counted


def _amount(billed: int, price: Decimal | None, currency: str) -> Decimal | None:
    if not billed:
        return Decimal(0)
    if price is None:
        return None
    return (billed * price).quantize(Decimal(1).scaleb(-EXPONENTS.get(currency, 2)), ROUND_HALF_UP)


def _cost_from(figures: Mapping[str, Any]) -> Cost | None:
    if not figures:
        return None
    given = dict(figures)
    for key in ("price", "amount"):
        given[key] = None if given[key] is None else Decimal(given[key])
    return Cost(**given)


def _word(row: Row, approved: int, rejected: int, at: datetime) -> str:
    if approved == row["occasions"]:
        return "approved"
    if rejected == row["occasions"]:
        return "rejected"
    return "open" if row["waiting"] and row["expires_at"] > at else "ended"
