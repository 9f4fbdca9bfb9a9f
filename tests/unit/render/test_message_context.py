"""What templates see is computed, true at that instant, and in the reader's words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from touchpoint.render.messages import message_context
from touchpoint.statements import ROOT

BEIJING = timezone(timedelta(hours=8))
MORNING = datetime(2026, 11, 22, 10, 30, tzinfo=BEIJING)


def test_a_context_is_complete(shop, row):
    assert message_context(shop, row(offer="优先发货"), MORNING) == {
        "locale": "zh-CN",
        "name": "小明",
        "shop_name": "青禾小铺",
        "signature": "青禾小铺",
        "contact": "淘宝旺旺“青禾小铺”",
        "count": 1,
        "orders": "1笔订单",
        "item": "「青瓷手冲咖啡杯 家用礼盒装」",
        "order_no": "4012345678901234567",
        "ordered": "今天09:58",
        "total": "¥1,234.50",
        "total_plain": "1234.50元",
        "pay_by": "明天09:58",
        "pay_place": "淘宝App“我的淘宝 - 待付款”",
        "cut_off": "16:00",
        "ships_today": True,
        "pay_hint": "16:00前付款今天发货",
        "paid_orders": "7",
        "offer": "优先发货",
    }


def test_the_page_on_campaigns_lists_what_there_is_to_say(shop, row):
    page = (ROOT / "docs/add_a_campaign.md").read_text(encoding="utf-8")
    listed = re.search(r"arrives ready: (.*?)\.\n", page, re.DOTALL)
    assert listed
    assert set(re.findall(r"`(\w+)`", listed[1])) == set(message_context(shop, row(offer="x"), MORNING))


def test_an_english_reader_of_a_chinese_shop_reads_english(shop, row):
    context = message_context(shop, row(locale="en-GB", order_count=2), MORNING)
    assert {key: context[key] for key in ("orders", "item", "ordered", "total", "total_plain", "pay_hint")} == {
        "orders": "2 orders",
        "item": "“青瓷手冲咖啡杯 家用礼盒装” and 1 more order",
        "ordered": "since 09:58 today",
        "total": "CNY 1,234.50",
        "total_plain": "CNY 1,234.50",
        "pay_hint": "Pay before 16:00 and they ship today",
    }


@pytest.mark.parametrize(
    ("at", "closes_at", "promised"),
    [
        ("10:30", "2026-11-23T09:58+08:00", True),
        ("15:50", "2026-11-23T09:58+08:00", True),
        ("15:51", "2026-11-23T09:58+08:00", False),  # too late to read it and pay
        ("16:00", "2026-11-23T09:58+08:00", False),
        ("10:30", "2026-11-22T15:59+08:00", False),  # closes before the cut-off
        ("10:30", "2026-11-22T16:00+08:00", True),
    ],
)
def test_it_ships_today_is_promised_only_when_true(at, closes_at, promised, shop, row):
    hour, minute = map(int, at.split(":"))
    told = row(closes_at=datetime.fromisoformat(closes_at))
    assert message_context(shop, told, MORNING.replace(hour=hour, minute=minute))["ships_today"] is promised


def test_hours_are_the_shops_wherever_the_instant_was_written(shop, row):
    utc = timezone.utc  # noqa: UP017
    told = row(closes_at=datetime(2026, 11, 23, 1, 58, tzinfo=utc))
    assert message_context(shop, told, MORNING.astimezone(utc))["pay_by"] == "明天09:58"


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (-1, "昨天10:30", "at 10:30 yesterday"),
        (-2, "11月20日10:30", "at 10:30 on 20 Nov"),
        (0, "今天10:30", "at 10:30 today"),
    ],
)
def test_a_day_is_named_from_where_the_reader_stands(days, zh, en, shop, row):
    made = MORNING + timedelta(days=days)
    for locale, expected in (("zh-CN", zh), ("en", en)):
        assert message_context(shop, row(first_created_at=made, locale=locale), MORNING)["ordered"] == expected


def test_an_order_without_a_closing_time_closes_when_the_shop_says(shop, row):
    assert message_context(shop, row(closes_at=None), MORNING)["pay_by"] == "明天09:58"


@pytest.mark.parametrize(
    "name", [None, "", "  ", "t**1", "小*", "http://x.example", "www.shop", "a@b.com", "!!!", "\u202e\u200b"]
)
def test_a_name_nobody_would_be_greeted_by_falls_back(name, shop, row):
    assert message_context(shop, row(display_name=name), MORNING)["name"] == "亲"
    assert message_context(shop, row(display_name=name, locale="en"), MORNING)["name"] == "there"


@pytest.mark.parametrize("offer", [None, "", "none"])
def test_no_offer_is_no_offer(offer, shop, row):
    assert "offer" not in message_context(shop, row(offer=offer), MORNING)


def test_long_titles_are_shortened_and_unknown_ones_left_out(shop, row):
    assert message_context(shop, row(item_title="一" * 30), MORNING)["item"] == f"「{'一' * 19}…」"
    assert message_context(shop, row(item_title=None), MORNING)["item"] == ""
