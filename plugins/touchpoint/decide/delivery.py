"""How a candidate would be reached: channel and address, the hours it may go in, words and locale. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from touchpoint.campaigns.spec import Campaign, Step
from touchpoint.decide.known import Address, Known
from touchpoint.decide.timing import Hours, first_legal, first_legal_outside
from touchpoint.model import Candidate, Channel, Purpose
from touchpoint.settings import Policy, Shop


@dataclass(frozen=True)
class Way:
    """A channel and the address on it; without an address, why there is none."""

    channel: Channel
    address: Address | None = None
    obstacle: str | None = None


@dataclass(frozen=True)
class Slot:
    """When a message may go, and the shop-local day caps count it on; `missed` says why it cannot."""

    not_before: datetime
    not_after: datetime
    planned_on: date
    missed: str | None = None


def choose_way(candidate: Candidate, step: Step, purpose: Purpose, known: Known, shop: Shop) -> Way:
    """The first channel of a step with an address that may be written to, of those the shop has set up.

    Where there is none, the obstacle is that of the first channel with an address, else `no_address`.
    """
    configured = [channel for channel in step.channel if getattr(shop, channel.value) is not None]
    if not configured:
        return Way(step.channel[0], obstacle="no_channel")
    points = known.addresses.get(candidate.customer_id, {})
    found = [_judge(channel, points[channel], purpose) for channel in configured if channel in points]
    usable = next((way for way in found if way.obstacle is None), None)
    return usable or (found[0] if found else Way(configured[0], obstacle="no_address"))


def _judge(channel: Channel, address: Address, purpose: Purpose) -> Way:
    if not address.allows(purpose):
        return Way(channel, obstacle="no_consent")
    return Way(channel, obstacle="suppressed") if address.is_suppressed else Way(channel, address)


def within_offer(
    campaign: Campaign, step: Step, shop: Shop, earliest: datetime, not_after: datetime
) -> tuple[datetime, datetime]:
    """The part of a message's time in which the offer it makes is open; none of it where the shop does not make it."""
    offer = campaign.offer_of(step.id)
    if offer is None:
        return earliest, not_after
    terms = offer.shops.get(shop.id)
    if terms is None:
        return earliest, min(earliest, not_after)
    return max(earliest, terms.opens_at(shop.tz)), min(not_after, terms.closes_at(shop.tz))


def find_slot(
    *,
    earliest: datetime,
    not_after: datetime,
    step: Step,
    channel: Channel,
    purpose: Purpose,
    policy: Policy,
    shop: Shop,
    blackouts: Sequence[tuple[datetime, datetime]] = (),
) -> Slot:
    """The first legal minute from `earliest` on, in the shop's hours for that channel and purpose and the step's own.

    `missed` says why there is none before `not_after`: it had passed already, quiet hours last longer, or a blackout
    does: spans in which nothing of this campaign may go.
    """
    hours = Hours(
        quiet=policy.quiet_hours.get(channel.value, {}).get(purpose.value), opens=step.not_before, closes=step.not_after
    )
    if earliest >= not_after:
        return Slot(earliest, not_after, earliest.astimezone(shop.tz).date(), "not_after")
    legal = first_legal_outside(earliest, hours, shop.tz, blackouts)
    begin = legal or earliest
    missed = None
    if legal is None or legal >= not_after:
        without = first_legal(earliest, hours, shop.tz)
        missed = "quiet_hours" if without is None or without >= not_after else "blackout"
    return Slot(begin, not_after, begin.astimezone(shop.tz).date(), missed)


def choose_locale(
    candidate: Candidate, campaign: Campaign, step: Step, way: Way, known: Known, shop: Shop, written: Collection[str]
) -> str:
    """The customer's locale where the campaign has words in it and, for SMS, a registered template; else the shop's.

    Args:
        candidate: whom.
        campaign: whose words.
        step: which of its templates.
        way: by which channel.
        known: holds the customers' locales.
        shop: its locale, and its registered SMS templates.
        written: locales the campaign's templates exist in.
    """
    wished = known.locales.get(candidate.customer_id, "")
    variant = campaign.variant_of(candidate.stage, candidate.variant)
    for locale in (wished, wished.partition("-")[0]):
        if locale in written and (way.channel != Channel.SMS or _is_registered(campaign, step, variant, locale, shop)):
            return locale
    return shop.locale


def _is_registered(campaign: Campaign, step: Step, variant: str | None, locale: str, shop: Shop) -> bool:
    suffix = f".{variant}" if variant else ""
    return shop.sms is not None and f"{campaign.id}/{locale}/{step.template}{suffix}" in shop.sms.templates
