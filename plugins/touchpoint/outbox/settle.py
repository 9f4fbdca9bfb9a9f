"""Around the provider call: attempts committed before it, results written down after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from touchpoint.db import Database, Transaction
from touchpoint.model import Outgoing, SendResult, SendState
from touchpoint.outbox.claim import Claimed
from touchpoint.outbox.compose import Draft

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
"""How long a message that surely was not sent waits before it is tried again; after the last it is given up."""


def start(
    tx: Transaction, drafts: Sequence[Draft], *, group_id: str, provider: str, at: datetime, lease: timedelta
) -> list[Outgoing]:
    """Write the attempts of one group. Its provider is called after this transaction is committed, never before.

    Returns:
        The messages still in our hand. One whose lease ran out, or whose address is gone, is not among them.
    """
    by_attempt = {draft.attempt_id: draft for draft in drafts}
    rows = tx.many(
        "outbox/start",
        message_ids=[draft.claimed.message_id for draft in drafts],
        lease_tokens=[draft.claimed.lease_token for draft in drafts],
        attempt_ids=[draft.attempt_id for draft in drafts],
        rendered_hashes=[draft.rendered.digest for draft in drafts],
        template_versions=[draft.rendered.version for draft in drafts],
        group_id=group_id,
        provider=provider,
        at=at,
        lease=lease,
    )
    return [by_attempt[row["attempt_id"]].addressed(row["address"]) for row in rows]


def settle(tx: Transaction, results: Sequence[SendResult], *, at: datetime) -> Counter[str]:
    """Write down what became of each recipient; a result that comes after its lease was given away changes nothing.

    Returns:
        Message states reached -> messages.
    """
    if not results:
        return Counter()
    tx.do("outbox/lock_attempted", attempt_ids=[result.attempt_id for result in results])
    rows = tx.many(
        "outbox/settle",
        attempt_ids=[result.attempt_id for result in results],
        states=[result.state.value for result in results],
        provider_refs=[result.provider_ref for result in results],
        error_codes=[result.error_code for result in results],
        segments=[result.segments for result in results],
        costs=[result.cost_minor for result in results],
        at=at,
        waits=list(WAITS),
    )
    return Counter(row["state"] for row in rows)


def all_of(messages: Sequence[Outgoing], state: SendState, error_code: str) -> list[SendResult]:
    """The same result for every message of a group."""
    return [SendResult(message.attempt_id, state, error_code=error_code) for message in messages]


def complete(messages: Sequence[Outgoing], results: Sequence[SendResult]) -> list[SendResult]:
    """The results of a group; a message its channel says nothing about may have been sent."""
    told = {result.attempt_id: result for result in results}
    return [
        told.get(message.attempt_id) or SendResult(message.attempt_id, SendState.UNKNOWN, error_code="no_answer")
        for message in messages
    ]


def hold(db: Database, claimed: Sequence[Claimed], *, reason: str, at: datetime) -> int:
    """Return claimed messages to waiting with what has to be mended for them; the next dispatch tries anew."""
    return _unlease(db, "outbox/hold", claimed, reason=reason, at=at)


def withhold(db: Database, claimed: Sequence[Claimed], *, at: datetime) -> int:
    """Write down that people held out were not sent what they would have been sent with this claim."""
    return _unlease(db, "outbox/withhold", claimed, at=at)


def give_back(db: Database, claimed: Sequence[Claimed], *, at: datetime) -> int:
    """Return claimed messages to waiting; those already being sent, or no longer ours, stay as they are."""
    return _unlease(db, "outbox/release", claimed, at=at)


def _unlease(db: Database, statement: str, claimed: Sequence[Claimed], **params: object) -> int:
    if not claimed:
        return 0
    with db.transaction() as tx:
        return tx.count(
            statement,
            message_ids=[message.message_id for message in claimed],
            lease_tokens=[message.lease_token for message in claimed],
            **params,
        )
