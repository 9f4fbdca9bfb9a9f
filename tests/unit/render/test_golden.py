"""Every text as it goes out, for one order and for two.

`TOUCHPOINT_GOLDEN=write pytest` writes them anew; read the diff.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path

import pytest

from touchpoint.campaigns.load import load_campaigns
from touchpoint.model import Channel
from touchpoint.render.environment import TEMPLATE_ROOT
from touchpoint.render.sms import segments

GOLDEN = Path(__file__).parent / "golden"
LOCALES = ("zh-CN", "en")
VARIANTS = ("new", "offer", "loyal")
MORNING = datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=8)))
CASES = list(product(LOCALES, VARIANTS, (1, 2)))


def test_the_cases_are_all_the_templates_there_are():
    found = {
        path.parent.relative_to(TEMPLATE_ROOT).as_posix()
        for path in TEMPLATE_ROOT.glob("messages/unpaid_reminder/*/*/*")
    }
    assert found == {f"messages/unpaid_reminder/{locale}/remind.{variant}" for locale, variant, _ in CASES}
    assert set(VARIANTS) == set(load_campaigns().by_id["unpaid_reminder"].template_variants)


@pytest.mark.parametrize(("locale", "variant", "count"), CASES)
def test_the_words_are_as_they_were_read_and_approved(locale, variant, count, unpaid):
    at = {1: MORNING, 2: MORNING.replace(hour=20)}[count]  # before the cut-off, and after it
    told = {"order_count": count, "total_minor": 123450 * count, "locale": locale}
    sms = unpaid(variant, Channel.SMS, at=at, **told)
    mail = unpaid(variant, Channel.EMAIL, at=at, **told)
    name = f"{locale}.{variant}.{count}"
    words = f"SMS ({len(sms.text)} characters, {segments(sms.text)} parts)\n{sms.text}\n\nSUBJECT\n{mail.subject}\n\n"
    compare(f"{name}.txt", f"{words}TEXT\n{mail.text}")
    compare(f"{name}.html", mail.html)


@pytest.mark.parametrize(("variant", "count"), list(product(VARIANTS, (1, 2))))
def test_a_chinese_reminder_is_one_part(variant, count, unpaid):
    assert segments(unpaid(variant, order_count=count).text) == 1


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOUCHPOINT_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
