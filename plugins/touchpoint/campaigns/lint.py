"""What a reader should look at twice before a campaign goes live: key order, words, and what an SMS may not be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from touchpoint.campaigns.load import PARTS, TEMPLATE_ROOT, template_folder
from touchpoint.campaigns.spec import Campaign
from touchpoint.campaigns.variants import series_of
from touchpoint.campaigns.wording import Wording, contains, find_words, fold, load_wording
from touchpoint.model import Channel, Purpose
from touchpoint.settings import CONFIG_ROOT, Shop, load_shop, shop_ids
from touchpoint.sms_parts import SINGLE, segments

KEYS = tuple(Campaign.model_fields)
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SERIES = re.compile(r"\{[{%][^}]*\bseries\b")
_OFFER = re.compile(r"\{[{%][^}]*\boffer(_ends|_quota)?\b")
_MARKUP = re.compile(r"\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)
_LATIN = re.compile(r"[a-zA-Z]")
MAX_SMS = 500


@dataclass(frozen=True)
class LintFinding:
    """Something to correct (error) or to look at (warning)."""

    level: Literal["error", "warning"]
    place: str
    thing: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """Level, place and finding, as the command line shows them."""
        return {"level": self.level, "place": self.place, "finding": f"{self.thing}; {self.remedy}"}


def lint(
    campaign: Campaign,
    *,
    wording: Wording | None = None,
    shops: Sequence[Shop] | None = None,
    config: Path = CONFIG_ROOT,
    templates: Path = TEMPLATE_ROOT,
) -> list[LintFinding]:
    """Findings of a loaded campaign, in the order of its file and steps.

    Args:
        campaign: as loaded, so that its templates exist.
        wording: the word lists; None: those of the configuration.
        shops: whose locales and registered SMS templates are looked at; None: all shops of the configuration.
        config: the configuration folder.
        templates: root of the templates.
    """
    wording = wording or load_wording(config)
    shops = [load_shop(shop_id, config) for shop_id in shop_ids(config)] if shops is None else shops
    findings = [*_key_order(campaign), *_offers(campaign, wording), *_confirmation(campaign, shops)]
    for key, folder, channel in _texts(campaign, shops):
        parts = {part: (templates / folder / part).read_text(encoding="utf-8") for part in PARTS[channel]}
        for part, source in parts.items():
            findings += _words(f"include/templates/{folder}/{part}", source, wording)
        place = f"include/templates/{folder}"
        findings += [*_series(place, parts, campaign, key), *_no_offer(place, parts, campaign)]
        if channel == Channel.SMS:
            findings += _sms(f"{place}/sms.txt", parts["sms.txt"], campaign.purpose, wording)
            findings += _registered(key, shops)
            findings += _length(f"{place}/sms.txt", parts["sms.txt"], key, shops, wording)
        else:
            findings += _subject(f"{place}/subject.txt", parts["subject.txt"].strip(), campaign.purpose, key, wording)
    return findings


def _texts(campaign: Campaign, shops: Sequence[Shop]) -> Iterator[tuple[str, str, Channel]]:
    for step in campaign.steps:
        for locale in sorted({shop.locale for shop in shops}):
            for variant in campaign.template_variants:
                folder = template_folder(campaign.id, locale, step.template, variant)
                for channel in step.channel:
                    yield folder.removeprefix("messages/"), folder, channel


def _key_order(campaign: Campaign) -> Iterator[LintFinding]:
    written = [key for key in re.findall(r"^([a-z_]+):", campaign.body, re.MULTILINE) if key in KEYS]
    ordered = sorted(written, key=KEYS.index)
    wrong = next((key for key, right in zip(written, ordered, strict=True) if key != right), None)
    if wrong:
        place = f"config/campaigns/{campaign.id}.yaml"
        yield LintFinding("error", place, f"key {wrong!r} is out of order", f"order them: {', '.join(KEYS)}")


def _confirmation(campaign: Campaign, shops: Sequence[Shop]) -> Iterator[LintFinding]:
    """Files answer no questions: what a step wants confirmed is then as old as the last load."""
    asking = next((step.id for step in campaign.steps if step.confirm_with_platform), None)
    for shop in shops if asking else ():
        orders = shop.sources.get("order")
        if orders is None or orders.adapter == "files":
            yield LintFinding(
                "warning",
                f"config/shops/{shop.id}.yaml: sources.order",
                f"no platform to ask before {campaign.id}/{asking} goes",
                "load its orders often: the last load counts as the confirmation",
            )


def _offers(campaign: Campaign, wording: Wording) -> Iterator[LintFinding]:
    """An offer is a value of the file, not a word of a template; in a notice it must not be a promotion."""
    offer = campaign.audience.parameters.get("offer")
    if campaign.offer is not None:
        for locale, text in campaign.offer.text.items():
            place = f"config/offers.yaml: {campaign.offer.id}.text.{locale}"
            yield from _words(place, text, wording)
            yield from _banned(place, text, wording)
    if campaign.purpose == Purpose.PROMOTIONAL or not isinstance(offer, str) or offer == "none":
        return
    place = f"config/campaigns/{campaign.id}.yaml: audience.parameters.offer"
    for word in _promotions(offer, wording):
        yield LintFinding(
            "error", place, f"{word!r} makes a notice a promotion", "offer a service members have, not a price"
        )
    if len(offer) > (allowed := wording.sms_variable_lengths.get("offer", wording.sms_variable_lengths["other"])):
        yield LintFinding("warning", place, f"{len(offer)} characters", f"keep it to {allowed}, for one part of an SMS")


def _words(place: str, source: str, wording: Wording) -> Iterator[LintFinding]:
    for found in find_words(_MARKUP.sub("|", source), wording):
        remedy = "use other words" if found.level == "error" else "keep it only if it is true and can be shown"
        yield LintFinding(found.level, place, f"{found.word!r}: {found.source}", remedy)


def _series(place: str, parts: dict[str, str], campaign: Campaign, key: str) -> Iterator[LintFinding]:
    """Words that name a series are read by those who prefer that one alone."""
    variant = key.rpartition("/")[2].partition(".")[2]
    named = next((part for part, source in parts.items() if _SERIES.search(source)), None)
    if named and variant not in series_of(campaign.variants):
        remedy = "take it out, or give each series a variant of its own"
        yield LintFinding("error", f"{place}/{named}", "names a series to readers of none or of several", remedy)


def _no_offer(place: str, parts: dict[str, str], campaign: Campaign) -> Iterator[LintFinding]:
    named = next((part for part, source in parts.items() if _OFFER.search(source)), None)
    if named and campaign.purpose == Purpose.PROMOTIONAL and campaign.offer_id is None:
        remedy = "name one in audience.parameters.offer, or take it out of the words"
        yield LintFinding("error", f"{place}/{named}", "speaks of an offer that the file does not name", remedy)


def _banned(place: str, text: str, wording: Wording) -> Iterator[LintFinding]:
    folded = fold(text)
    for word in (word for word in wording.sms_banned if contains(folded, word)):
        yield LintFinding("error", place, f"{word!r} is refused by SMS providers", "use other words")
    for symbol in (symbol for symbol in wording.sms_banned_symbols if symbol in text):
        yield LintFinding("error", place, f"symbol {symbol} is refused by SMS providers", "take it out")


def _sms(place: str, source: str, purpose: Purpose, wording: Wording) -> Iterator[LintFinding]:
    text = " ".join(_VARIABLE.sub("|", source).split())
    folded = fold(text)
    yield from _banned(place, text, wording)
    if not text.replace("|", "").strip("，。,. "):
        yield LintFinding("error", place, "nothing but variables", "providers refuse such a template: add words")
    if purpose == Purpose.PROMOTIONAL:
        if not text.endswith(wording.opt_out):
            yield LintFinding("error", place, "no way to opt out", f"end it with {wording.opt_out}")
        return
    if contains(folded, wording.opt_out):
        yield LintFinding("error", place, f"{wording.opt_out} in a notice", "take it out: only promotions carry it")
    for word in _promotions(text, wording):
        yield LintFinding(
            "error", place, f"{word!r} in a transactional SMS", "take it out, or make the campaign promotional"
        )


def _promotions(text: str, wording: Wording) -> list[str]:
    """Promotion words of a text; Latin ones as whole words, so that `freedom` is not `free`."""
    folded, lowered = fold(text), text.casefold()
    return [
        word
        for word in wording.promotion
        if (
            re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", lowered)
            if _LATIN.search(word)
            else fold(word) in folded
        )
    ]


def _registered(key: str, shops: Sequence[Shop]) -> Iterator[LintFinding]:
    for shop in shops:
        if shop.sms and f"/{shop.locale}/" in key and key not in shop.sms.templates:
            yield LintFinding(
                "error",
                f"config/shops/{shop.id}.yaml: sms.templates",
                f"no template code for {key}",
                "register the text with the provider and write its code here",
            )


def _length(place: str, source: str, key: str, shops: Sequence[Shop], wording: Wording) -> Iterator[LintFinding]:
    text, lengths = " ".join(source.split()), wording.sms_variable_lengths
    filled = _VARIABLE.sub(lambda found: "字" * lengths.get(found[1], lengths["other"]), text)
    signatures = [shop.sms.signature for shop in shops if shop.sms and f"/{shop.locale}/" in key]
    for signature in sorted(set(signatures), key=len)[-1:]:
        sent = f"【{signature}】{filled}"
        if len(sent) > MAX_SMS:
            yield LintFinding("error", place, f"{len(sent)} characters", f"providers take {MAX_SMS} at most")
        elif (parts := segments(sent)) > 1:
            yield LintFinding(
                "warning",
                place,
                f"about {len(sent)} characters: billed as {parts}",
                f"{SINGLE} with the signature are one",
            )


def _subject(place: str, subject: str, purpose: Purpose, key: str, wording: Wording) -> Iterator[LintFinding]:
    folded = fold(subject)
    for word in (word for word in wording.spam_subject if contains(folded, word)):
        yield LintFinding("warning", place, f"{word!r} in a subject", "mail filters distrust it")
    if subject.count("!") + subject.count("！") > 1:
        yield LintFinding("warning", place, "more than one exclamation mark", "keep one at most")
    letters = [char for char in _VARIABLE.sub("", subject) if char.isascii() and char.isalpha()]
    if len(letters) >= 10 and sum(char.isupper() for char in letters) > 0.3 * len(letters):
        yield LintFinding("warning", place, "mostly capitals", "write it as a sentence")
    if purpose == Purpose.PROMOTIONAL and "/zh-CN/" in key and not subject.startswith(tuple(wording.ad_prefixes)):
        yield LintFinding(
            "error", place, "a promotion that does not say so", f"begin it with {' or '.join(wording.ad_prefixes)}"
        )
