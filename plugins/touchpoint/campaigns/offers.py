"""The offer a promotion names: found in config/offers.yaml, or the campaign is refused."""

from __future__ import annotations

from pathlib import Path

from touchpoint.campaigns.spec import Campaign
from touchpoint.errors import ConfigError
from touchpoint.settings import load_offers

OFFER_PARAMETERS = frozenset({"offer", "offer_step"})
"""Parameters that decide and the claim read themselves: an audience statement need not."""
KEEPER = "offer_open"
"""The statement below include/sql/outbox/valid/ that holds a message to quota and end."""


def with_offer(campaign: Campaign, place: str, config: Path, locales: frozenset[str]) -> Campaign:
    """The campaign with the offer it names.

    Args:
        campaign: names one.
        place: its file, for the error.
        config: the folder offers.yaml lies in.
        locales: it has to have words in.

    Raises:
        ConfigError: no such offer, no words of it in a locale, no such step, or nothing would keep to its terms.
    """
    offers, key = load_offers(config), f"{place}: audience.parameters"
    offer = offers.get(campaign.offer_id or "")
    if offer is None:
        known = ", ".join(sorted(offers)) or "none yet"
        raise ConfigError(
            f"unknown offer {campaign.offer_id!r}",
            place=f"{key}.offer",
            remedy=f"add it to config/offers.yaml or name one of: {known}",
        )
    for locale in sorted(locales - set(offer.text)):
        raise ConfigError(
            f"offer {offer.id!r} has no words in {locale}",
            place=f"{key}.offer",
            remedy=f"add text.{locale} to it in config/offers.yaml",
        )
    steps = [step.id for step in campaign.steps]
    for step in campaign.offer_steps:
        if step not in steps:
            raise ConfigError(f"unknown step {step!r}", place=f"{key}.offer_step", remedy=f"one of: {', '.join(steps)}")
    if KEEPER not in campaign.valid_while:
        raise ConfigError(
            "nothing keeps to the offer's quota and end", place=f"{place}: valid_while", remedy=f"add {KEEPER} to it"
        )
    return campaign.with_offer(offer)
