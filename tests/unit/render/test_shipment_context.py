"""What is said of parcels: days as the reader stands, troubles by their name, nothing nobody knows."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from tests.unit.render.conftest import MORNING

from touchpoint.render.contexts.shipment import _TROUBLE_EN, _TROUBLE_ZH
from touchpoint.render.messages import message_context
from touchpoint.statements import ROOT

MANY = {"were", "are", "have", "met", "could"}


def row(**changes: Any) -> dict[str, Any]:
    return {
        "occasion_kind": "shipment",
        "display_name": "小明",
        "locale": "zh-CN",
        "parcel_count": 1,
        "first_shipment_id": "9-YT1",
        "first_order_id": "9",
        "carrier": "圆通速递",
        "tracking_no": "YT1",
        "zone": "Asia/Shanghai",
        "problem": None,
        "expected_on": date(2026, 11, 25),
        "item_title": "青瓷手冲咖啡杯",
        **changes,
    }


def test_a_context_is_complete(shop):
    assert message_context(shop, row(), MORNING) == {
        "locale": "zh-CN",
        "name": "小明",
        "shop_name": "青禾小铺",
        "signature": "青禾小铺",
        "contact": "淘宝旺旺“青禾小铺”",
        "count": 1,
        "parcels": "包裹",
        "item": "「青瓷手冲咖啡杯」",
        "order_no": "9",
        "carrier": "圆通速递",
        "tracking_no": "YT1",
        "expected": "11月25日",
        "outlook": "预计11月25日送达",
        "trouble": "改为预计11月25日送达",
    }


def test_the_page_on_campaigns_lists_what_there_is_to_say(shop):
    page = (ROOT / "docs/add_a_campaign.md").read_text(encoding="utf-8")
    listed = re.search(r"message about parcels: (.*?)\.\n", page, re.DOTALL)
    assert listed
    always = {"locale", "shop_name", "signature", "contact"}
    assert set(re.findall(r"`(\w+)`", listed[1])) == set(message_context(shop, row(), MORNING)) - always


@pytest.mark.parametrize(
    ("zone", "zh", "en"),
    [
        ("Asia/Shanghai", "预计明天送达", "now expected tomorrow"),
        ("America/Sao_Paulo", "预计11月23日送达", "now expected on 23 Nov"),  # there it is still the evening before
    ],
)
def test_a_day_is_named_as_it_is_for_the_reader(zone, zh, en, shop):
    told = {"expected_on": date(2026, 11, 23), "zone": zone}
    assert message_context(shop, row(**told), MORNING)["outlook"] == zh
    assert message_context(shop, row(**told, locale="en"), MORNING)["outlook"] == en


def test_where_nobody_knows_no_day_is_named(shop):
    for locale in ("zh-CN", "en"):
        context = message_context(shop, row(expected_on=None, problem="lost", locale=locale), MORNING)
        assert not re.search(r"\d|明天|tomorrow", context["outlook"] + context["trouble"])
        assert context["expected"] == ""


@pytest.mark.parametrize("count", [1, 2])
def test_every_trouble_has_its_words_in_both_locales(count, shop):
    assert set(_TROUBLE_ZH) == set(_TROUBLE_EN)
    for problem in _TROUBLE_ZH:
        zh = message_context(shop, row(problem=problem, parcel_count=count), MORNING)
        en = message_context(shop, row(problem=problem, parcel_count=count, locale="en"), MORNING)
        assert zh["trouble"] == _TROUBLE_ZH[problem]
        assert en["trouble"].split()[0] in ({"was", "is", "has", "met", "could"} if count == 1 else MANY)


def test_several_parcels_are_counted(shop):
    assert message_context(shop, row(parcel_count=2), MORNING)["parcels"] == "2个包裹"
    assert message_context(shop, row(parcel_count=2, locale="en"), MORNING)["parcels"] == "2 parcels"


def test_texts_of_a_carrier_stay_text(shop):
    context = message_context(shop, row(carrier="<b>YTO</b>\r\n{{ x }}【x】", item_title=None), MORNING + timedelta(0))
    assert context["carrier"] == "<b>YTO</b> {{ x }}x"
    assert context["item"] == ""
