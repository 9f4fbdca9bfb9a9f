"""A marketer's word: what is asked, what was answered, and what a no does.

A run's messages of a campaign that asks for approval are hashed when they are enqueued. A question keeps the hash it
was asked about; an answer covers that hash and nothing else, and the claim holds it against the hash of the moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from touchpoint.campaigns.version import approval_code
from touchpoint.db import Json, Transaction
from touchpoint.model import Rejection
from touchpoint.outbox.claim import free, wait_for_decide
from touchpoint.render.mask import star_addresses

APPROVED, REJECTED = "approved", "rejected"


@dataclass(frozen=True)
class Question:
    """What was asked.

    Attributes:
        code: names to people what it is about.
        messages: how many it is about.
        expires_at: business time at which it is too late to answer.
        is_restated: something else of this campaign and run was asked about before.
    """

    question: UUID
    code: str
    messages: int
    expires_at: datetime
    is_restated: bool


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
) -> Question | None:
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
        None: there is nothing to ask.
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
    if not rows:
        return None
    code = approval_code(row["audience_hash"] for row in rows)
    before = tx.many("outbox/approval_asked", run_no=run_no, campaign_id=campaign_id, question=question)
    return Question(
        question=question,
        code=code,
        messages=sum(row["message_count"] for row in rows),
        expires_at=min(row["expires_at"] for row in rows),
        is_restated=any(approval_code(row["asked_hashes"]) != code for row in before),
    )


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
    rejection: Rejection = Rejection.BACK_FOR_CHANGES,
) -> tuple[int, int]:
    """Keep an answer; a no of either kind cancels what waits, and `back_for_changes` frees its touches.

    An address in the note is starred.

    Returns:
        Occasions answered (0: too late, or answered before), and messages cancelled.
    """
    wait_for_decide(tx, realm, shop_id)
    kept = tx.many(
        "outbox/approval_answer",
        question=question,
        at=at,
        answer=APPROVED if is_yes else REJECTED,
        rejection=None if is_yes else rejection.value,
        who=who,
        answered_at=answered_at,
        note=star_addresses(note) if note else None,
    )
    cancelled = tx.many("outbox/cancel_rejected", realm=realm, shop_id=shop_id, at=at, versions=Json(dict(versions)))
    free(tx, [row["message_id"] for row in cancelled], at)
    return len(kept), sum(not row["is_held_out"] for row in cancelled)
