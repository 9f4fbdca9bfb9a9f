"""A few messages of a run as their buyers see them, rendered again from the ledger: nothing rendered was stored.

Names and addresses are masked before a page sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.model import Channel, Purpose
from touchpoint.render.mask import mask_email, mask_name, mask_phone
from touchpoint.render.messages import Rendered, Renderer, message_context
from touchpoint.render.text import usable_name
from touchpoint.settings import Shop

PER_CAMPAIGN = 3


@dataclass(frozen=True)
class Sample:
    """One message, masked.

    Attributes:
        template: campaign, locale and template it was made from.
        address: masked; empty when the address is forgotten.
        subject: empty for an SMS.
        text: with the signature, as the buyer sees it; empty if it cannot be rendered.
        is_as_sent: whether today's templates and facts give the very text that went out; None before it went.
        problem: why it cannot be rendered.
    """

    message_id: int
    campaign_id: str
    channel: Channel
    purpose: Purpose
    template: str
    locale: str
    state: str
    reason: str | None
    state_at: datetime
    not_before: datetime
    segments: int | None
    address: str
    is_synthetic: bool
    subject: str = ""
    text: str = ""
    is_as_sent: bool | None = None
    problem: str = ""


def samples(
    tx: Transaction, *, run_no: int, shop: Shop, campaigns: Mapping[str, Campaign], renderer: Renderer, at: datetime
) -> list[Sample]:
    """At most PER_CAMPAIGN messages of each campaign of a run, of as many kinds as there are.

    Args:
        tx: an open transaction.
        run_no: the run that enqueued them.
        shop: its shop.
        campaigns: by id; a message of one that is gone cannot be rendered.
        renderer: what messages are rendered with.
        at: the instant a message speaks from that has not been rendered yet.
    """
    rows = tx.many("reports/samples", run_no=run_no, per_campaign=PER_CAMPAIGN)
    return [_sample(tx, row, shop, campaigns.get(row["campaign_id"]), renderer, at) for row in rows]


def _sample(
    tx: Transaction, row: Row, shop: Shop, campaign: Campaign | None, renderer: Renderer, at: datetime
) -> Sample:
    told: dict[str, Any] = {
        "message_id": row["message_id"],
        "campaign_id": row["campaign_id"],
        "channel": Channel(row["channel"]),
        "purpose": Purpose(row["purpose"]),
        "template": row["template"] + (f".{row['variant']}" if row["variant"] else ""),
        "locale": row["locale"],
        "state": row["state"],
        "reason": row["reason"],
        "state_at": row["state_at"],
        "not_before": row["not_before"],
        "segments": row["segments"],
        "address": _mask(row["address"]),
        "is_synthetic": row["is_synthetic"],
    }
    if campaign is None:
        return Sample(**told, problem="its campaign file is gone")
    try:
        shown, real = _render_again(tx, row, shop, campaign, renderer, row["rendered_at"] or at)
    except TouchpointError as error:
        return Sample(**told, problem=error.thing)
    same = None if row["rendered_hash"] is None else real.digest == row["rendered_hash"]
    return Sample(**told, subject=shown.subject, text=shown.text, is_as_sent=same)


def _render_again(
    tx: Transaction, row: Row, shop: Shop, campaign: Campaign, renderer: Renderer, at: datetime
) -> tuple[Rendered, Rendered]:
    """The message with its name masked, and as it went out."""
    found = tx.many(f"outbox/context/{campaign.occasion}", message_ids=[row["message_id"]], at=at)
    if not found:
        raise TouchpointError("there is nothing left to tell")
    facts = {**campaign.facts(row["step"], shop.id), **found[0]}
    context = message_context(shop, facts, at)
    name = usable_name(facts["display_name"])
    masked = {**context, "name": mask_name(name)} if name else context
    kind: dict[str, Any] = {
        "shop": shop,
        "campaign": row["campaign_id"],
        "locale": row["locale"],
        "template": row["template"],
        "variant": row["variant"],
        "channel": Channel(row["channel"]),
        "purpose": Purpose(row["purpose"]),
    }
    return renderer.render(**kind, context=masked), renderer.render(**kind, context=context)


def _mask(address: str | None) -> str:
    if not address:
        return ""
    return mask_email(address) if "@" in address else mask_phone(address)
