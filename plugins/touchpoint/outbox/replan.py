"""Messages that missed their day are planned for today, if today has room for them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Row, Transaction
from touchpoint.settings import Policy, Shop

WEEK = 7
Days = Counter[date]
Load = Counter[tuple[str, str, date]]
"""One person's messages by purpose, campaign and planned day."""


def replan(
    tx: Transaction,
    *,
    realm: str,
    shop: Shop,
    at: datetime,
    policy: Policy,
    campaigns: Mapping[str, Campaign] | None,
) -> int:
    """Move late waiting messages to today, transactional ones first; how many were moved.

    What counts is what decide counts (decide/message_load). A message without room keeps its old day, on which it
    cannot be claimed, until a day with room comes or it expires. So does one of a campaign that is off (not among
    `campaigns`, or disabled), in a blackout, or put off to a later day: it cannot be claimed, and must not take the
    room of others. None: all run.
    """
    today = at.astimezone(shop.tz).date()
    tomorrow = datetime.combine(today + timedelta(days=1), time(), shop.tz)
    late = tx.many("outbox/late", realm=realm, shop_id=shop.id, today=today, tomorrow=tomorrow)
    if not late:
        return 0
    counted = tx.many(
        "decide/message_load",
        realm=realm,
        identities=sorted({row["identity"] for row in late}),
        from_on=today - timedelta(days=WEEK - 1),
        before="infinity",
    )
    loads: defaultdict[UUID, Load] = defaultdict(Counter)
    for row in counted:
        loads[row["identity"]][row["purpose"], row["campaign_id"], row["planned_on"]] += row["messages"]
    moved = []
    for row in late:
        campaign = campaigns.get(row["campaign_id"]) if campaigns is not None else None
        if campaigns is not None and not (campaign and campaign.enabled):
            continue
        if campaign and row["purpose"] == "promotional" and _in_blackout(shop, campaign, at):
            continue
        load, here = loads[row["identity"]], (row["purpose"], row["campaign_id"])
        # It does not stand in its own way: what it counts for on its old day goes with it.
        load[*here, row["planned_on"]] -= 1
        fits = has_room(load, row, today, policy, campaign)
        load[*here, today if fits else row["planned_on"]] += 1
        if fits:
            moved.append(row["message_id"])
    return tx.count("outbox/replan", message_ids=moved, today=today) if moved else 0


def _in_blackout(shop: Shop, campaign: Campaign, at: datetime) -> bool:
    return any(begin <= at < end for begin, end in shop.blackouts_of(campaign.id))


def has_room(load: Load, row: Row, today: date, policy: Policy, campaign: Campaign | None) -> bool:
    """Whether a message (its purpose and campaign_id) fits on a day beside what is counted already."""
    by_day, by_campaign = Days(), Days()
    for (purpose, campaign_id, day), messages in load.items():
        if row["purpose"] == "promotional" or purpose == "transactional":
            by_day[day] += messages
        if campaign_id == row["campaign_id"]:
            by_campaign[day] += messages
    caps, limits = policy.caps[row["purpose"]], campaign.limits if campaign else None
    return _fits(by_day, today, caps.per_day, caps.per_week) and (
        limits is None or _fits(by_campaign, today, limits.per_day, limits.per_week)
    )


def _fits(by_day: Days, today: date, per_day: int | None, per_week: int | None) -> bool:
    if per_day is not None and by_day[today] >= per_day:
        return False
    weeks = (today - timedelta(days=back) for back in range(WEEK))
    fullest = max(sum(by_day[first + timedelta(days=ahead)] for ahead in range(WEEK)) for first in weeks)
    return per_week is None or fullest < per_week
