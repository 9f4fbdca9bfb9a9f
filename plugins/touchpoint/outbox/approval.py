"""A marketer's word: what is asked, what was answered, and what a no does.

A run's messages of a campaign that asks for approval are hashed when they are enqueued. A question keeps the hash it
was asked about; an answer covers that hash and nothing else, and the claim holds it against the hash of the moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from touchpoint.db import Json, Row, Transaction
from touchpoint.outbox.claim import release
from touchpoint.render.mask import star_addresses

APPROVED, REJECTED = "approved", "rejected"


def ask(
    tx: Transaction,
    *,
    realm: str,
    shop_id: str,
    run_no: int,
    campaign_id: str,
    at: datetime,
    versions: Mapping[str, str],
    figures: Mapping[str, object],
) -> tuple[UUID, list[Row]]:
    """Note a question about what waits of a campaign's messages of a run, where nobody has answered for it yet.

    Args:
        tx: an open transaction.
        realm: the run's.
        shop_id: the run's.
        run_no: the run whose messages are asked about.
        campaign_id: the campaign.
        at: business time.
        versions: campaign id -> hash of file and templates (campaigns.version).
        figures: what the marketer is told of cost, kept beside the question.

    Returns:
        The question, and per occasion: occasion, audience_hash, message_count, expires_at. None: nothing to ask.
    """
    question = uuid4()
    rows = tx.many(
        "outbox/approval_ask",
        question=question,
        realm=realm,
        shop_id=shop_id,
        run_no=run_no,
        campaign_id=campaign_id,
        at=at,
        versions=Json(dict(versions)),
        figures=Json(dict(figures)),
    )
    return question, rows


def answer(
    tx: Transaction,
    question: UUID,
    *,
    realm: str,
    shop_id: str,
    at: datetime,
    versions: Mapping[str, str],
    is_yes: bool,
    who: str,
    answered_at: datetime,
    note: str | None,
) -> tuple[int, int]:
    """Keep an answer; a no cancels what waits and frees what it covered. An address in the note is starred.

    Returns:
        Occasions answered (0: too late, or answered before), and messages cancelled.
    """
    kept = tx.many(
        "outbox/approval_answer",
        question=question,
        at=at,
        answer=APPROVED if is_yes else REJECTED,
        who=who,
        answered_at=answered_at,
        note=star_addresses(note) if note else None,
    )
    cancelled = tx.many("outbox/cancel_rejected", realm=realm, shop_id=shop_id, at=at, versions=Json(dict(versions)))
    release(tx, [row["message_id"] for row in cancelled], at)
    return len(kept), len(cancelled)
