"""The two touches of dormant reactivation as they go out: a teaser without an offer, an offer with its terms."""

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
from touchpoint.render.contexts.last_order import silence
from touchpoint.render.environment import TEMPLATE_ROOT
from touchpoint.render.messages import Rendered, Renderer, message_context
from touchpoint.render.sms import segments

GOLDEN = Path(__file__).parent / "golden"
MORNING = datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=8)))
DAY = timedelta(days=1)
CAMPAIGN = load_campaigns().by_id["dormant_reactivation"]
CASES = list(product(("zh-CN", "en"), ("touch_1", "touch_2"), ("asleep", "long_gone")))


def render(
    shop: Any,
    locale: str,
    step: str,
    variant: str,
    channel: Channel = Channel.SMS,
    *,
    offer: bool = True,
    **changes: Any,
) -> Rendered:
    row = {
        "occasion_kind": "last_order",
        "display_name": "晓雯" if locale == "zh-CN" else "Emma7",
        "locale": locale,
        "last_paid_at": MORNING - (240 if variant == "asleep" else 420) * DAY,
        "item_title": "云感 纯棉毛巾 经典款",
        "paid_order_count": 3,
        **(CAMPAIGN.facts(step, shop.id) if offer else {}),
        **changes,
    }
    return Renderer().render(
        shop=shop,
        campaign=CAMPAIGN.id,
        locale=locale,
        template=step,
        variant=variant,
        channel=channel,
        purpose=Purpose.PROMOTIONAL,
        context=message_context(shop, row, MORNING),
    )


def test_the_cases_are_all_the_templates_there_are() -> None:
    folders = TEMPLATE_ROOT.glob("messages/dormant_reactivation/*/*")
    assert {(path.parent.name, path.name) for path in folders} == {(loc, f"{step}.{v}") for loc, step, v in CASES}
    assert sorted(CAMPAIGN.template_variants) == ["asleep", "long_gone"]


@pytest.mark.parametrize(("locale", "step", "variant"), CASES)
def test_the_words_are_as_they_were_read_and_approved(locale: str, step: str, variant: str, shop: Any) -> None:
    sms, mail = (render(shop, locale, step, variant, channel) for channel in (Channel.SMS, Channel.EMAIL))
    told = f"SMS ({len(sms.text)} characters, {segments(sms.text)} parts)\n{sms.text}\n\nSUBJECT\n{mail.subject}\n\n"
    compare(f"dormant.{locale}.{step}.{variant}.txt", f"{told}TEXT\n{mail.text}")
    compare(f"dormant.{locale}.{step}.{variant}.html", mail.html)


@pytest.mark.parametrize(("locale", "step", "variant"), CASES)
def test_each_says_how_to_be_rid_of_the_next(locale: str, step: str, variant: str, shop: Any) -> None:
    assert render(shop, locale, step, variant).text.endswith("拒收请回复R")
    mail = render(shop, locale, step, variant, Channel.EMAIL)
    assert mail.headers == {"List-Unsubscribe": "<mailto:help@qinghe.example?subject=unsubscribe>"}
    assert "mailto:help@qinghe.example?subject=unsubscribe" in mail.text
    assert 'href="mailto:help@qinghe.example?subject=unsubscribe"' in mail.html
    assert mail.subject.startswith(("广告", "AD"))


@pytest.mark.parametrize(("step", "variant"), list(product(("touch_1", "touch_2"), ("asleep", "long_gone"))))
def test_a_chinese_text_is_one_part(step: str, variant: str, shop: Any) -> None:
    assert segments(render(shop, "zh-CN", step, variant).text) == 1
    assert segments(render(shop, "zh-CN", step, variant, item_title="青瓷手冲咖啡杯 家用礼盒装 大号").text) == 1


@pytest.mark.parametrize(("step", "variant"), list(product(("touch_1", "touch_2"), ("asleep", "long_gone"))))
def test_an_english_text_is_two(step: str, variant: str, shop: Any) -> None:
    assert segments(render(shop, "en", step, variant, item_title="Celadon coffee cup, gift box").text) == 2


@pytest.mark.parametrize(("orders", "told"), [(1, "买过一次，是8个月前的"), (3, "前后买过3次，最近一次是8个月前的")])
def test_one_order_is_not_the_latest_of_several(orders: int, told: str, shop: Any) -> None:
    mail = render(shop, "zh-CN", "touch_2", "asleep", Channel.EMAIL, paid_order_count=orders)
    assert told in mail.text
    assert told in mail.html


@pytest.mark.parametrize("variant", ["asleep", "long_gone"])
def test_the_teaser_knows_of_no_offer_and_the_offer_says_how_many_and_until_when(variant: str, shop: Any) -> None:
    assert "offer_made" not in CAMPAIGN.facts("touch_1", shop.id)
    told = render(shop, "zh-CN", "touch_2", variant).text
    assert [part in told for part in ("全店九折", "共300份", "截至2027年12月31日")] == [True] * 3


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_without_a_slot_of_its_offer_there_are_no_words(channel: Channel, shop: Any) -> None:
    with pytest.raises(RenderError):
        render(shop, "zh-CN", "touch_2", "asleep", channel, offer=False)


def test_a_promotional_mail_of_a_shop_without_an_address_is_refused(shop: Any) -> None:
    with pytest.raises(RenderError):
        render(shop.model_copy(update={"email": None}), "zh-CN", "touch_1", "asleep", Channel.EMAIL)


def test_an_unknown_item_has_words_too(shop: Any) -> None:
    assert "您挑过的那件好物，" in render(shop, "zh-CN", "touch_1", "asleep", item_title=None).text


@pytest.mark.parametrize(
    ("days", "chinese", "english"),
    [(10, "1个月", "1 month"), (200, "6个月", "6 months"), (364, "12个月", "12 months"), (365, "一年多", "over a year"),
     (729, "一年多", "over a year"), (730, "2年多", "over 2 years")],
)  # fmt: skip
def test_silence_is_told_roughly_and_never_too_long(days: int, chinese: str, english: str) -> None:
    assert (silence(days * DAY, "zh-CN"), silence(days * DAY, "en")) == (chinese, english)


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOUCHPOINT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
