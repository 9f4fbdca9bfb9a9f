"""The monthly promotion as it goes out: words of its own per product series, for its VIPs, for several and for none."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from touchpoint.campaigns.load import load_campaigns
from touchpoint.errors import RenderError
from touchpoint.model import Channel, Purpose
from touchpoint.render.environment import TEMPLATE_ROOT
from touchpoint.render.messages import Rendered, Renderer, message_context
from touchpoint.render.sms import segments
from touchpoint.settings import Offer

GOLDEN = Path(__file__).parent / "golden"
MORNING = datetime(2026, 11, 2, 10, 30, tzinfo=timezone(timedelta(hours=8)))
CAMPAIGN = load_campaigns().by_id["monthly_promotion"]
SERIES = {"retro": "复古简约", "sequins": "亮片潮流", "casual": "休闲彩色"}
VARIANTS = (*SERIES, *(f"{name}_vip" for name in SERIES), "several", "general")
CASES = list(product(("zh-CN", "en"), VARIANTS))


def made(**terms: Any) -> dict[str, Any]:
    """An offer with its terms in the shop."""
    told = {"quota": 1000, "from": "2026-11-01", "until": "2026-11-30", **terms}
    texts = {"zh-CN": "全店九五折券", "en": "5 % off everything"}
    offer = Offer.model_validate({"id": "treat", "text": texts, "shops": {"sandbox": told}})
    return {"offer_made": (offer, offer.shops["sandbox"])}


def render(
    shop: Any, locale: str, variant: str, channel: Channel = Channel.SMS, at: datetime = MORNING, **changes: Any
) -> Rendered:
    row = {
        "occasion_kind": "period",
        "display_name": "晓雯" if locale == "zh-CN" else "Emma7",
        "locale": locale,
        "variant": variant,
        "period": "2026-11",
        "paid_order_count": 3,
        **CAMPAIGN.facts("promote", shop.id),
        **made(),
        **changes,
    }
    return Renderer().render(
        shop=shop,
        campaign=CAMPAIGN.id,
        locale=locale,
        template="promote",
        variant=variant,
        channel=channel,
        purpose=Purpose.PROMOTIONAL,
        context=message_context(shop, row, at),
    )


def test_the_cases_are_all_the_templates_there_are() -> None:
    folders = TEMPLATE_ROOT.glob("messages/monthly_promotion/*/*")
    assert {(path.parent.name, path.name) for path in folders} == {(loc, f"promote.{v}") for loc, v in CASES}
    assert set(CAMPAIGN.template_variants) == set(VARIANTS)


@pytest.mark.parametrize(("locale", "variant"), CASES)
def test_the_words_are_as_they_were_read_and_approved(locale: str, variant: str, shop: Any) -> None:
    sms, mail = (render(shop, locale, variant, channel) for channel in (Channel.SMS, Channel.EMAIL))
    told = f"SMS ({len(sms.text)} characters, {segments(sms.text)} parts)\n{sms.text}\n\nSUBJECT\n{mail.subject}\n\n"
    compare(f"monthly.{locale}.{variant}.txt", f"{told}TEXT\n{mail.text}")
    compare(f"monthly.{locale}.{variant}.html", mail.html)


@pytest.mark.parametrize(("locale", "variant"), CASES)
def test_each_says_what_it_is_and_how_to_be_rid_of_the_next(locale: str, variant: str, shop: Any) -> None:
    assert render(shop, locale, variant).text.endswith("拒收请回复R")
    mail = render(shop, locale, variant, Channel.EMAIL)
    assert mail.headers["List-Unsubscribe"] == "<mailto:help@qinghe.example?subject=unsubscribe>"
    assert 'href="mailto:help@qinghe.example?subject=unsubscribe"' in mail.html
    assert mail.subject.startswith("广告" if locale == "zh-CN" else "AD:")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_chinese_text_is_one_part_even_where_the_offer_ends_in_another_year(variant: str, shop: Any) -> None:
    assert segments(render(shop, "zh-CN", variant, **made(until="2027-12-31")).text) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_series_is_named_to_those_who_prefer_it_and_to_nobody_else(variant: str, shop: Any) -> None:
    told = render(shop, "zh-CN", variant).text + render(shop, "zh-CN", variant, Channel.EMAIL).text
    own = SERIES.get(variant.removesuffix("_vip"))
    assert {name for name in SERIES.values() if name in told} == ({own} if own else set())


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_vips_have_is_promised_to_vips_alone(variant: str, shop: Any) -> None:
    told = render(shop, "zh-CN", variant).text + render(shop, "zh-CN", variant, Channel.EMAIL).text
    assert [word in told for word in ("VIP", "优先发货", "专属客服")] == [variant.endswith("_vip")] * 3


def test_another_shops_series_goes_by_its_own_name(shop: Any) -> None:
    told = render(shop, "en", "retro", series_of_variant={"retro": "Retro & minimal"}).text
    assert "over Retro & minimal: 5 % off everything" in told


@pytest.mark.parametrize("lost", [{"offer_made": None}, {"series_of_variant": {}}])
def test_without_its_offer_or_its_series_there_are_no_words(lost: dict[str, Any], shop: Any) -> None:
    with pytest.raises(RenderError):
        render(shop, "zh-CN", "retro", **lost)


@pytest.mark.parametrize(
    ("until", "at", "chinese", "english"),
    [
        ("2026-11-30", MORNING, "11月30日", "on 30 Nov"),
        ("2026-11-03", MORNING, "明天", "tomorrow"),
        ("2026-11-30 18:00", MORNING, "11月30日18:00", "18:00 on 30 Nov"),
        ("2027-01-31", MORNING, "2027年1月31日", "on 31 Jan 2027"),
        ("2027-01-01", datetime(2026, 12, 31, 12, tzinfo=MORNING.tzinfo), "明天", "tomorrow"),
    ],
)
def test_the_last_day_of_an_offer_is_said_so_that_nobody_is_late(
    until: str, at: datetime, chinese: str, english: str, shop: Any
) -> None:
    assert f"至{chinese}。" in render(shop, "zh-CN", "general", at=at, **made(until=until)).text
    assert f"ends {english}." in render(shop, "en", "general", at=at, **made(until=until)).text


@pytest.mark.parametrize(
    ("period", "chinese", "english"), [("2026-01", "1月", "January"), ("2026-12", "12月", "December")]
)
def test_the_month_is_that_of_the_occasion_not_of_the_day_it_goes(
    period: str, chinese: str, english: str, shop: Any
) -> None:
    assert f"，{chinese}想请您" in render(shop, "zh-CN", "general", period=period).text
    assert f"this {english}:" in render(shop, "en", "general", period=period).text


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOUCHPOINT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
