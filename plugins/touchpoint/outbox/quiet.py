"""What may go at all just now, asked at the last moment: quiet hours, blackouts, campaigns that run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from touchpoint.campaigns.spec import Campaign, Step
from touchpoint.model import Channel, Purpose
from touchpoint.settings import Blackout, Policy, QuietHours, Shop

TEST = "test"
"""A realm that reaches listed addresses alone: a campaign is tried there before it is enabled."""


def allowed_now(policy: Policy, shop: Shop, at: datetime) -> list[str]:
    """`channel/purpose` pairs that are not in their quiet hours at an instant, in the shop's zone."""
    local = at.astimezone(shop.tz).time()
    return [
        f"{channel}/{purpose}"
        for channel in Channel
        for purpose in Purpose
        if not _is_quiet(policy.quiet_hours.get(channel.value, {}).get(purpose.value), local)
    ]


def closed_steps(campaigns: Iterable[Campaign], shop: Shop, at: datetime) -> list[str]:
    """`campaign/step` pairs whose own hours of the day do not hold at an instant, in the shop's zone."""
    local = at.astimezone(shop.tz).time()
    return [f"{campaign.id}/{step.id}" for campaign in campaigns for step in campaign.steps if _is_closed(step, local)]


def blacked_out_steps(campaigns: Iterable[Campaign], shop: Shop, at: datetime) -> list[str]:
    """`campaign/step` pairs of promotional campaigns that a blackout of the shop silences at an instant."""
    running = [blackout for blackout in shop.blackouts if _holds(blackout, shop, at)]
    return [
        f"{campaign.id}/{step.id}"
        for campaign in campaigns
        if campaign.purpose == Purpose.PROMOTIONAL and any(campaign.id not in each.exempt for each in running)
        for step in campaign.steps
    ]


def running_steps(campaigns: Iterable[Campaign], realm: str) -> list[str]:
    """`campaign/step` pairs that may go: of enabled files; in realm test, of all that load."""
    return [
        f"{campaign.id}/{step.id}"
        for campaign in campaigns
        if campaign.enabled or realm == TEST
        for step in campaign.steps
    ]


def _holds(blackout: Blackout, shop: Shop, at: datetime) -> bool:
    begin, end = blackout.span(shop.tz)
    return begin <= at < end


def _is_closed(step: Step, local: time) -> bool:
    return bool((step.not_before and local < step.not_before) or (step.not_after and local >= step.not_after))


def _is_quiet(hours: QuietHours | None, local: time) -> bool:
    if hours is None:
        return False
    if hours.start <= hours.until:
        return hours.start <= local < hours.until
    return local >= hours.start or local < hours.until
