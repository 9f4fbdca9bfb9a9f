"""Before deciding: what waits and should not any more is ended, what missed its day is planned anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from touchpoint.campaigns.spec import Campaign
from touchpoint.campaigns.version import approval_versions
from touchpoint.db import Transaction
from touchpoint.outbox.claim import CANCELLED, expire, judge
from touchpoint.outbox.replan import replan
from touchpoint.outbox.tally import Tally
from touchpoint.settings import Policy, Shop


def sweep(
    tx: Transaction,
    *,
    realm: str,
    shop: Shop,
    at: datetime,
    policy: Policy,
    campaigns: Mapping[str, Campaign] | None = None,
) -> Tally:
    """Cancel waiting messages that may not go, expire those past their last minute, re-plan those whose day has passed.

    Args:
        tx: the transaction decide works in, the shop's decide lock held.
        realm: whose outbox.
        shop: whose outbox.
        at: business time.
        policy: caps; a day without room keeps a message waiting on its old day, where it cannot be claimed.
        campaigns: loaded campaign files by id, for their limits, and for what an approval covers.

    Returns:
        done: cancelled, expired, replanned.
    """
    tally = Tally()
    versions = approval_versions((campaigns or {}).values())
    expired = expire(tx, realm=realm, shop_id=shop.id, at=at, versions=versions)
    waiting = tx.many("outbox/waiting", realm=realm, shop_id=shop.id)
    judged = judge(tx, waiting, shop=shop, at=at, campaigns=campaigns, is_claim=False)
    replanned = replan(tx, realm=realm, shop=shop, at=at, policy=policy, campaigns=campaigns)
    tally.done.update(
        expired=expired, cancelled=sum(what == CANCELLED for what in judged.values()), replanned=replanned
    )
    return tally
