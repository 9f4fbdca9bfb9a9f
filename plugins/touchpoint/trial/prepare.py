"""Everything about a test send that is checked before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from touchpoint import addresses
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign, Step
from touchpoint.decide.loading import written_locales
from touchpoint.errors import ConfigError
from touchpoint.model import AddressKind, Channel
from touchpoint.render.mask import mask_email, mask_phone
from touchpoint.render.messages import Rendered, Renderer, message_context
from touchpoint.render.samples import NAMES
from touchpoint.services import Services
from touchpoint.settings import Shop, load_policy, load_shop
from touchpoint.trial.asked import Asked
from touchpoint.trial.facts import facts

KINDS = {Channel.SMS: AddressKind.PHONE, Channel.EMAIL: AddressKind.EMAIL}


@dataclass(frozen=True)
class Trial:
    """A message ready to be tried: whose words, to which listed address, about what."""

    shop: Shop
    campaign: Campaign
    step: Step
    channel: Channel
    address: str
    variant: str | None
    locale: str
    rendered: Rendered
    template_code: str
    told: str

    @property
    def masked(self) -> str:
        """The address as a terminal or a log may show it."""
        return mask_email(self.address) if self.channel == Channel.EMAIL else mask_phone(self.address)


def prepare(services: Services, asked: Asked) -> Trial:
    """Check it all, and render the message.

    Raises:
        ConfigError, RenderError: what is wrong with it; nothing was written.
    """
    shop = load_shop(asked.shop_id, services.config)
    campaign = load_campaigns(services.config).by_id.get(asked.campaign_id)
    if campaign is None:
        raise ConfigError(
            f"no campaign {asked.campaign_id!r} loads",
            place="config/campaigns",
            remedy="see `touchpoint campaign lint`",
        )
    channel, address = listed_address(services, shop, asked.to)
    step = _step(campaign, asked.step, channel)
    locale = _locale(campaign, shop, asked.locale)
    if asked.variant is not None and asked.variant not in campaign.template_variants:
        raise ConfigError(
            f"no variant {asked.variant!r}",
            place=f"config/campaigns/{campaign.id}.yaml",
            remedy=f"one of: {', '.join(map(str, campaign.template_variants))}",
        )
    told_facts, variant, told = facts(services, shop, campaign, step, locale, asked)
    kind: dict[str, Any] = {"shop": shop, "campaign": campaign.id, "locale": locale, "template": step.template}
    values = {campaign.id: campaign.message_values()}
    row = {**campaign.facts(step.id, shop.id), **told_facts, "locale": locale, "variant": variant}
    context = message_context(shop, {**row, "display_name": NAMES[locale]}, asked.as_of)
    rendered = Renderer(campaign_values=values).render(
        variant=variant, channel=channel, purpose=campaign.purpose, context=context, **kind
    )
    code = _template_code(shop, channel, rendered)
    return Trial(shop, campaign, step, channel, address, variant, locale, rendered, code, told)


def listed_address(services: Services, shop: Shop, raw: str) -> tuple[Channel, str]:
    """The channel an address is of, and the address in its one spelling.

    Raises:
        ConfigError: it is none, or config/policy.yaml does not list it. The address is not named.
    """
    channel = Channel.EMAIL if "@" in raw else Channel.SMS
    region = addresses.region_of(shop.currency)
    wanted = addresses.normalise(KINDS[channel], raw, region)
    if wanted is None or wanted not in listed(services, shop):
        raise ConfigError(
            "the address is not listed" if wanted else "that is no mobile number and no e-mail address",
            place="--to",
            remedy="write it into config/policy.yaml: test_addresses; realm test reaches no other",
        )
    return channel, wanted


def listed(services: Services, shop: Shop) -> frozenset[str]:
    """The addresses realm `test` may reach, normalised; what is no address is left out."""
    region = addresses.region_of(shop.currency)
    raw = load_policy(services.config).test_addresses
    found = (addresses.normalise("email" if "@" in each else "phone", each, region) for each in raw)
    return frozenset(address for address in found if address)


def _step(campaign: Campaign, asked: str | None, channel: Channel) -> Step:
    ids = [step.id for step in campaign.steps]
    if asked is not None and asked not in ids:
        raise ConfigError(f"no step {asked!r}", place=f"config/campaigns/{campaign.id}.yaml", remedy=_one_of(ids))
    step = campaign.step(asked or ids[0])
    if channel not in step.channel:
        raise ConfigError(
            f"step {step.id} does not go by {channel.value}",
            place=f"config/campaigns/{campaign.id}.yaml",
            remedy=f"name an address of: {', '.join(step.channel)}",
        )
    return step


def _locale(campaign: Campaign, shop: Shop, asked: str | None) -> str:
    written = written_locales([campaign])[campaign.id]
    if (asked or shop.locale) not in written:
        raise ConfigError(
            f"no words in {asked or shop.locale!r}",
            place=f"include/templates/messages/{campaign.id}",
            remedy=_one_of(sorted(written)),
        )
    return asked or shop.locale


def _one_of(words: list[str]) -> str:
    return f"one of: {', '.join(words)}"


def _template_code(shop: Shop, channel: Channel, rendered: Rendered) -> str:
    if channel != Channel.SMS:
        return ""
    code = shop.sms.templates.get(rendered.code_key) if shop.sms else None
    if code is None:
        raise ConfigError(
            f"no template code for {rendered.code_key}",
            place=f"config of shop {shop.id}: sms.templates",
            remedy="register the text with the provider and add its code",
        )
    return code
