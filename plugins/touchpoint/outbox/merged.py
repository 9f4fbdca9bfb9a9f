"""What waits for two persons who turned out to be one: nothing goes twice, to nobody held out, and within the caps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Transaction
from touchpoint.outbox.claim import free
from touchpoint.outbox.replan import WEEK, Load, has_room
from touchpoint.settings import Policy, Shop


def hold(tx: Transaction, identities: Iterable[UUID]) -> int:
    """Wait for whoever has their messages in hand just now, and keep them out until the transaction ends.

    Returns:
        Messages that have not gone yet.
    """
    return len(tx.many("outbox/merged/lock", identities=sorted(identities, key=str)))


def settle(
    tx: Transaction,
    *,
    shop: Shop,
    identity: UUID,
    at: datetime,
    policy: Policy,
    campaigns: Mapping[str, Campaign],
) -> Counter[str]:
    """Bring what waits for a merged person to what may go to one person.

    Cancelled are messages of campaigns that one of the two is held out of (`held_out`), and those whose touch the other
    has had or has waiting too (`merged`). Of the rest, what the caps leave no room for on its day waits for a day that
    has some, as a message does that missed its own.

    Args:
        tx: the transaction of the merge, the decide locks held; `hold` was called.
        shop: where the two were merged; waiting messages of other shops of the brand are settled too.
        identity: who survives.
        at: business time.
        policy: caps.
        campaigns: those that load, for their limits.

    Returns:
        Messages by what became of them: held_out, merged, put_off.
    """
    cancelled = tx.many("outbox/merged/cancel", identity=identity, at=at)
    free(tx, [row["message_id"] for row in cancelled], at)
    done = Counter(row["reason"] for row in cancelled)
    done["put_off"] = _put_off(tx, shop, identity, at, policy, campaigns)
    return +done


def _put_off(
    tx: Transaction, shop: Shop, identity: UUID, at: datetime, policy: Policy, campaigns: Mapping[str, Campaign]
) -> int:
    today = at.astimezone(shop.tz).date()
    waiting = tx.many("outbox/merged/waiting", realm=shop.realm, identity=identity, today=today)
    if not waiting:
        return 0
    load: Load = Counter()
    counted = tx.many(
        "decide/message_load",
        realm=shop.realm,
        identities=[identity],
        from_on=today - timedelta(days=WEEK - 1),
        before="infinity",
    )
    for row in counted:
        load[row["purpose"], row["campaign_id"], row["planned_on"]] += row["messages"]
    for row in waiting:
        load[row["purpose"], row["campaign_id"], row["planned_on"]] -= 1
    crowded = []
    for row in waiting:
        if has_room(load, row, row["planned_on"], policy, campaigns.get(row["campaign_id"])):
            load[row["purpose"], row["campaign_id"], row["planned_on"]] += 1
        else:
            crowded.append(row["message_id"])
    # On a day that has passed it cannot be claimed; the sweep plans it anew where there is room.
    return tx.count("outbox/replan", message_ids=crowded, today=today - timedelta(days=1)) if crowded else 0
