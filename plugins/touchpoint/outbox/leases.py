"""Messages of dispatchers that are gone."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from touchpoint.clock import Clock
from touchpoint.db import Database
from touchpoint.outbox.ports import Sender
from touchpoint.outbox.tally import Tally
from touchpoint.settings import Shop

LEASE = timedelta(minutes=5)
"""How long a claimed message is its dispatcher's, in real time; nothing of it has begun."""
SLACK = timedelta(minutes=2)
"""What a send may begin late by, and still end within its lease."""


def lease_of(sender: Sender) -> timedelta:
    """How long a message that is being handed over is its dispatcher's: longer than the channel's longest send."""
    return max(LEASE, sender.longest_send + SLACK)


def recover(db: Database, *, realm: str, shop: Shop, clock: Clock) -> Tally:
    """Take back what a lease has run out on: waiting where no attempt was committed, unknown where one was.

    Returns:
        done: waiting, unknown.
    """
    with db.transaction() as tx:
        rows = tx.many("outbox/recover", realm=realm, shop_id=shop.id, at=clock.now())
    return Tally(Counter(row["state"] for row in rows))
