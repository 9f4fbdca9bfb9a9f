"""Loading config/campaigns/ strictly: a file that does not hold is left out and says why; the others load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from touchpoint.campaigns import delays
from touchpoint.campaigns.offers import with_offer
from touchpoint.campaigns.parameters import wrong_parameters
from touchpoint.campaigns.spec import STAGES, Campaign
from touchpoint.errors import ConfigError
from touchpoint.model import ORDER_SOURCES, PAYMENT_KINDS, Channel
from touchpoint.settings import (
    CONFIG_ROOT,
    Shop,
    load_segments,
    load_shop,
    parse_config,
    read_text,
    shop_ids,
    shown,
    yaml_of_text,
)
from touchpoint.statements import ROOT, SQL_ROOT

TEMPLATE_ROOT = ROOT / "include" / "templates"
PARTS = {Channel.SMS: ("sms.txt",), Channel.EMAIL: ("subject.txt", "body.txt", "body.html")}
"""Files a template consists of, per channel."""


@dataclass(frozen=True)
class Campaigns:
    """The campaigns that load, and why the others do not."""

    by_id: dict[str, Campaign] = field(default_factory=dict)
    broken: list[ConfigError] = field(default_factory=list)


def load_campaigns(config: Path = CONFIG_ROOT, *, templates: Path = TEMPLATE_ROOT, sql: Path = SQL_ROOT) -> Campaigns:
    """Every campaign file of a configuration folder; at most one error a file, the first found."""
    found = Campaigns()
    shops = shops_of(config)
    for path in sorted((config / "campaigns").glob("*.yaml")):
        try:
            found.by_id[path.stem] = load_campaign(path, shops=shops, templates=templates, sql=sql)
        except ConfigError as error:
            found.broken.append(error)
        except Exception as error:  # whatever a file holds, the others load
            found.broken.append(_unforeseen(path, error))
    for campaign_id, refused in _shared_salts(found.by_id.values(), config).items():
        del found.by_id[campaign_id]
        found.broken.append(refused)
    return found


def _shared_salts(campaigns: Iterable[Campaign], config: Path) -> dict[str, ConfigError]:
    """Campaigns of one salt would hold out the same people: the one it is named after keeps it, else the first."""
    owner: dict[str, str] = {}
    errors: dict[str, ConfigError] = {}
    for each in sorted(campaigns, key=lambda one: (not _is_named_after(one), one.id)):
        first = owner.setdefault(each.holdout.salt, each.id)
        if first != each.id:
            thing = f"salt {each.holdout.salt!r} is that of {first}"
            place = f"{shown(config / 'campaigns' / f'{each.id}.yaml')}: holdout.salt"
            remedy = f"give it its own, as in {each.id.replace('_', '-')}-1"
            errors[each.id] = ConfigError(thing, place=place, remedy=remedy)
    return errors


def _is_named_after(campaign: Campaign) -> bool:
    return campaign.holdout.salt.startswith(campaign.id.replace("_", "-"))


def _unforeseen(path: Path, error: Exception) -> ConfigError:
    """What nobody thought of, without its text: that may quote anything."""
    thing = f"it cannot be read ({type(error).__name__})"
    return ConfigError(thing, place=shown(path), remedy="compare it with a campaign that loads, and report this")


def load_campaign(
    path: Path, *, shops: Sequence[Shop], templates: Path = TEMPLATE_ROOT, sql: Path = SQL_ROOT
) -> Campaign:
    """One campaign file.

    Args:
        path: the file, below the campaigns folder of a configuration.
        shops: it needs words in the locale of each, and its delay may name the sources and ways to pay of any.
        templates: root of the templates.
        sql: root of the statements.

    Raises:
        ConfigError: naming the file, the key and the remedy.
    """
    text, place = read_text(path), shown(path)
    campaign = parse_config(Campaign, yaml_of_text(text, place), path)
    if campaign.id != path.stem:
        raise ConfigError(
            f"id is {campaign.id!r}", place=place, remedy=f"write id: {Path(place).stem}, the file's name"
        )
    locales = frozenset(shop.locale for shop in shops)
    for problem in (
        *_unknown_segments(campaign, place),
        *_unknown_delays(campaign, place, shops),
        *_unknown_groups(campaign, place, path.parent.parent),
        *_wrong_statements(campaign, place, sql),
        *_missing_templates(campaign, place, locales, templates),
    ):
        raise problem
    remembered = campaign.with_body(text)
    return with_offer(remembered, place, path.parent.parent, locales) if campaign.offer_id else remembered


def campaign_of_text(text: str) -> Campaign:
    """A campaign as a file said it once; what it names is not looked for: a template may be gone by now.

    Raises:
        ConfigError: it cannot be read by today's rules.
    """
    return parse_config(Campaign, yaml_of_text(text), Path("campaign of the ledger")).with_body(text)


def shops_of(config: Path = CONFIG_ROOT) -> list[Shop]:
    """All shops, rehearsals too; a shop file that does not load stops that shop elsewhere, not here."""
    shops = []
    for shop_id in [*shop_ids(config), *shop_ids(config, "rehearsals")]:
        try:
            shops.append(load_shop(shop_id, config))
        except ConfigError:
            continue
    return shops


def template_folder(campaign: str, locale: str, template: str, variant: str | None) -> str:
    """Where the parts of a template lie, below the template root."""
    return f"messages/{campaign}/{locale}/{template}{f'.{variant}' if variant else ''}"


def _unknown_segments(campaign: Campaign, place: str) -> Iterator[ConfigError]:
    named = [("audience.segments", name) for name in campaign.audience.segments]
    named += [("variants", name) for name in campaign.words_by_stage]
    for key, name in named:
        if name not in STAGES:
            yield ConfigError(
                f"unknown segment {name!r}", place=f"{place}: {key}", remedy=f"one of: {', '.join(STAGES)}"
            )


def _unknown_delays(campaign: Campaign, place: str, shops: Sequence[Shop]) -> Iterator[ConfigError]:
    """A delay for a source or a way to pay that no order has would hold for nobody, without a word."""
    given = campaign.audience.parameters.get(delays.KEY)
    own = [word for shop in shops for word in (*shop.order_sources, *shop.payment_kinds)]
    known = list(dict.fromkeys((delays.DEFAULT, *ORDER_SOURCES, *PAYMENT_KINDS, *own)))
    for key in given if isinstance(given, dict) else ():
        if key not in known:
            yield ConfigError(
                f"unknown order source or payment kind {key!r}",
                place=f"{place}: audience.parameters.{delays.KEY}",
                remedy=f"one of: {', '.join(known)}; or add it to order_sources or payment_kinds of a shop's file",
            )


def _unknown_groups(campaign: Campaign, place: str, config: Path) -> Iterator[ConfigError]:
    """A parameter `groups` names RFM groups: one that nobody is in would ask nobody, without a word."""
    named = campaign.audience.parameters.get("groups")
    if isinstance(named, list):
        known = load_segments(config).rfm.groups
        for name in named:
            if name not in known:
                yield ConfigError(
                    f"unknown RFM group {name!r}",
                    place=f"{place}: audience.parameters.groups",
                    remedy=f"one of: {', '.join(known)} (config/segments.yaml)",
                )


def _wrong_statements(campaign: Campaign, place: str, sql: Path) -> Iterator[ConfigError]:
    named = [("audience.statement", "audiences", campaign.audience.statement)]
    named += [("valid_while", "outbox/valid", name) for name in campaign.valid_while]
    for key, folder, name in named:
        if not (sql / folder / f"{name}.sql").is_file():
            known = ", ".join(sorted(path.stem for path in (sql / folder).glob("*.sql"))) or "none yet"
            yield ConfigError(
                f"unknown statement {name!r}",
                place=f"{place}: {key}",
                remedy=f"add include/sql/{folder}/{name}.sql or name one of: {known}",
            )
            return
    text = (sql / "audiences" / f"{campaign.audience.statement}.sql").read_text(encoding="utf-8")
    yield from wrong_parameters(campaign, f"{place}: audience", text)


def _missing_templates(
    campaign: Campaign, place: str, locales: frozenset[str], templates: Path
) -> Iterator[ConfigError]:
    for step in campaign.steps:
        for locale in sorted(locales):
            for variant in campaign.template_variants:
                folder = template_folder(campaign.id, locale, step.template, variant)
                for channel in step.channel:
                    for part in PARTS[channel]:
                        if not (templates / folder / part).is_file():
                            yield ConfigError(
                                f"missing template {folder}/{part}",
                                place=f"{place}: steps.{step.id}",
                                remedy=f"write include/templates/{folder}/{part}",
                            )
