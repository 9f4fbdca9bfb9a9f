"""Caps: how many messages a customer may get in a shop-local day and in any seven such days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from touchpoint.campaigns.spec import Campaign
from touchpoint.decide.known import Load
from touchpoint.model import Purpose
from touchpoint.settings import Policy

WEEK = 7


def full_cap(load: Load, identity: UUID, day: date, campaign: Campaign, policy: Policy) -> str | None:
    """The first cap one more message of a campaign on a day would break, or None if there is room.

    Transactional messages have caps of their own and count in the promotional ones as well; a campaign's limits count
    that campaign alone.
    """
    own = Purpose.TRANSACTIONAL if campaign.purpose == Purpose.TRANSACTIONAL else None
    general, limits = policy.caps[campaign.purpose.value], campaign.limits
    by_day = load.by_day(identity, purpose=own)
    by_campaign = load.by_day(identity, campaign_id=campaign.id)
    checks = (
        ("per_day", _day, by_day, general.per_day),
        ("per_week", _week, by_day, general.per_week),
        ("campaign_per_day", _day, by_campaign, limits.per_day),
        ("campaign_per_week", _week, by_campaign, limits.per_week),
    )
    return next((name for name, used, days, cap in checks if cap is not None and used(days, day) >= cap), None)


def _day(by_day: Mapping[date, int], day: date) -> int:
    return by_day.get(day, 0)


def _week(by_day: Mapping[date, int], day: date) -> int:
    """Messages of the fullest seven days in a row that hold the day: a later message may be planned already."""
    near = {(other - day).days: count for other, count in by_day.items() if abs((other - day).days) < WEEK}
    return max(
        (sum(count for ahead, count in near.items() if start <= ahead < start + WEEK) for start in range(1 - WEEK, 1))
        if near
        else (0,)
    )
