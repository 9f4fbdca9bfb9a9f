"""Messages of dispatchers that are gone."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from touchpoint.clock import Clock
from touchpoint.db import Database
from touchpoint.outbox.tally import Tally
from touchpoint.settings import Shop

LEASE = timedelta(minutes=5)
"""How long a message is its dispatcher's, in real time. Longer than the longest send of any channel."""


def recover(db: Database, *, realm: str, shop: Shop, clock: Clock) -> Tally:
    """Take back what a lease has run out on: waiting where no attempt was committed, unknown where one was.

    Returns:
        done: waiting, unknown.
    """
    with db.transaction() as tx:
        rows = tx.many("outbox/recover", realm=realm, shop_id=shop.id, at=clock.now())
    return Tally(Counter(row["state"] for row in rows))
