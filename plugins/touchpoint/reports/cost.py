"""What it costs to send what waits of a campaign: texts are rendered and the parts counted that they are billed as."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.model import Channel, Purpose
from touchpoint.money import EXPONENTS
from touchpoint.render.messages import Renderer, message_context
from touchpoint.reports.words import number
from touchpoint.settings import Shop
from touchpoint.sms_parts import segments

PER_KIND = 200
"""So many texts of each kind of words are rendered to learn how many parts they are billed as."""


@dataclass(frozen=True)
class Cost:
    """What it costs to send what waits; e-mail costs nothing.

    Attributes:
        sms, email: messages.
        segments: parts the texts are billed as.
        is_estimate: whether only some of the texts were rendered.
        unrenderable: texts (of those rendered) that cannot be: they would not go, and cost nothing.
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
    unrenderable: int = 0

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
            "unrenderable": self.unrenderable,
        }


def cost(
    tx: Transaction,
    *,
    run_no: int,
    campaign: Campaign,
    shop: Shop,
    renderer: Renderer,
    at: datetime,
    waiting: Mapping[Channel, int],
) -> Cost:
    """What sending what waits of a campaign would cost: some texts of each kind are rendered and their parts counted.

    Args:
        tx: an open transaction.
        run_no: the run that enqueued it.
        campaign: whose messages.
        shop: its currency, and what one part costs.
        renderer: what messages are rendered with.
        at: the instant the texts speak from.
        waiting: messages that wait, by channel.

    A text that cannot be rendered would not go, and counts for nothing.
    """
    sampled = tx.many("reports/approval_sampled", run_no=run_no, campaign_id=campaign.id, per_kind=PER_KIND)
    by_kind: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in sampled:
        by_kind[row["step"], row["template"], row["variant"], row["locale"]].append(row)
    parts, unrenderable = Decimal(0), 0
    for rows in by_kind.values():
        counted = _parts(tx, rows, campaign, shop, renderer, at)
        unrenderable += len(rows) - len(counted)
        parts += Decimal(sum(counted)) * rows[0]["kind_messages"] / len(rows)
    billed = int(parts.to_integral_value(ROUND_HALF_UP))
    price = shop.sms.segment_price if shop.sms else None
    return Cost(
        sms=waiting.get(Channel.SMS, 0),
        email=waiting.get(Channel.EMAIL, 0),
        segments=billed,
        is_estimate=any(rows[0]["kind_messages"] > len(rows) for rows in by_kind.values()),
        price=price,
        amount=_amount(billed, price, shop.currency),
        currency=shop.currency,
        unrenderable=unrenderable,
    )


def cost_in_words(cost: Cost) -> str:
    """12.34 CNY: 274 SMS parts at 0.045 CNY; what was estimated says so, what is unknown too."""
    about = "about " if cost.is_estimate else ""
    parts = f"{about}{number(cost.segments)} SMS part{'' if cost.segments == 1 else 's'}"
    if not cost.sms:
        return f"0 {cost.currency}: e-mail alone"
    lost = ""
    if cost.unrenderable:
        text = "text" if cost.unrenderable == 1 else "texts"
        lost = f"; {number(cost.unrenderable)} {text} cannot be rendered, and would not go"
    if cost.amount is None:
        return f"unknown: {parts}, and the shop's file names no sms.segment_price{lost}"
    return f"{about}{cost.amount} {cost.currency}: {parts} at {cost.price} {cost.currency}{lost}"


def cost_from(figures: Mapping[str, Any]) -> Cost | None:
    """A cost as the ledger kept it; None: it kept none."""
    if not figures:
        return None
    given = dict(figures)
    for key in ("price", "amount"):
        given[key] = None if given[key] is None else Decimal(given[key])
    return Cost(**given)


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
                context=message_context(
                    shop, {**campaign.facts(row["step"], shop.id), **contexts[row["message_id"]]}, at
                ),
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
