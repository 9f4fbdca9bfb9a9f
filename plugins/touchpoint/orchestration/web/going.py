"""When approved messages that still wait will go: by the very rule that lets them go, told in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from touchpoint.campaigns.spec import Campaign
from touchpoint.decide.delivery import find_slot
from touchpoint.model import Channel, Purpose
from touchpoint.reports.approval import Kind
from touchpoint.settings import Policy, Shop

NAMES = {Channel.SMS: "SMS", Channel.EMAIL: "E-mail"}


def going(
    kinds: Iterable[Kind],
    *,
    campaign: Campaign,
    shop: Shop,
    policy: Policy,
    at: datetime,
    instant: Callable[[datetime], str],
) -> list[str]:
    """One sentence a channel: when what waits of it goes, and why not before.

    Args:
        kinds: what a run would send of the campaign.
        campaign: its hours, purpose and blackouts.
        shop: zone, and whether it sends.
        policy: quiet hours.
        at: business time.
        instant: how an instant is written.
    """
    if shop.sending != "on":
        return ["Nothing goes while the shop's file says sending: off."]
    first: dict[Channel, tuple[datetime, str]] = {}
    for kind in kinds:
        if kind.waiting and kind.due_from and kind.due_until:
            found = _begins(kind, campaign, shop, policy, at)
            first[kind.channel] = min(first.get(kind.channel, found), found)
    return [_told(NAMES[channel], *first[channel], at, instant) for channel in sorted(first)]


def _begins(kind: Kind, campaign: Campaign, shop: Shop, policy: Policy, at: datetime) -> tuple[datetime, str]:
    """The first instant it may go, and what keeps it until then."""
    earliest = max(at, kind.due_from or at)
    slot = find_slot(
        earliest=earliest,
        not_after=kind.due_until or earliest,
        step=campaign.step(kind.step),
        channel=kind.channel,
        purpose=campaign.purpose,
        policy=policy,
        shop=shop,
        blackouts=shop.blackouts_of(campaign.id) if campaign.purpose == Purpose.PROMOTIONAL else (),
    )
    if slot.missed:
        return slot.not_after, "missed"
    return slot.not_before, "hours" if slot.not_before > earliest else "plan" if earliest > at else ""


def _told(channel: str, begins: datetime, why: str, at: datetime, instant: Callable[[datetime], str]) -> str:
    if why == "missed":
        return f"{channel} has no hour left it may go in before its time is over ({instant(begins)})."
    if begins <= at:
        return f"{channel} goes with the next run of this shop, within minutes."
    because = "these are hours in which it may not go" if why == "hours" else "it is planned for then"
    return f"{channel} goes from {instant(begins)} on: until then {because}."
