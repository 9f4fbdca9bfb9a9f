"""Before a message about orders goes, where its step says so: are they still as we know them? The platform is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from touchpoint.clock import Clock
from touchpoint.db import Database
from touchpoint.outbox import settle
from touchpoint.outbox.claim import Claimed, Scope, judge_again
from touchpoint.outbox.ports import Confirmer

UNCONFIRMED = "unconfirmed"


@dataclass
class Confirmed:
    """What is left of a claim.

    Attributes:
        claimed: messages that may go, with what is known now.
        unconfirmed: given back to wait: the platform did not answer for every order they cover.
        gone: cancelled or put off by what it answered -> messages.
    """

    claimed: list[Claimed]
    unconfirmed: list[Claimed] = field(default_factory=list)
    gone: Counter[str] = field(default_factory=Counter)


def confirm(db: Database, scope: Scope, claimed: Sequence[Claimed], ask: Confirmer | None, clock: Clock) -> Confirmed:
    """Ask about the orders of messages in hand, outside any transaction, and judge those messages once more.

    With nobody to ask (orders come from files), the last load is the confirmation, as old as `max_staleness` allows.
    """
    doubted = [message for message in claimed if _says_so(scope, message)]
    if not doubted or ask is None:
        return Confirmed(list(claimed))
    covered = _covered(db, doubted)
    known = ask(sorted({order for orders in covered.values() for order in orders}))
    unconfirmed = [message for message in doubted if not covered.get(message.message_id, set()) <= known]
    settle.hold(db, unconfirmed, reason=UNCONFIRMED, at=clock.now())
    waiting = {message.message_id for message in unconfirmed}
    sure = [message for message in doubted if message.message_id not in waiting]
    with db.transaction() as tx:
        kept, gone = judge_again(tx, scope, sure, at=clock.now())
    others = [message for message in claimed if not _says_so(scope, message)]
    return Confirmed([*others, *kept], unconfirmed, gone)


def _says_so(scope: Scope, message: Claimed) -> bool:
    campaign = scope.campaigns.get(message.row["campaign_id"])
    return campaign is not None and campaign.step(message.row["step"]).confirm_with_platform


def _covered(db: Database, messages: Sequence[Claimed]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    with db.transaction() as tx:
        for row in tx.many("outbox/covered", message_ids=[message.message_id for message in messages]):
            found.setdefault(int(row["message_id"]), set()).add(str(row["covered_id"]))
    return found
