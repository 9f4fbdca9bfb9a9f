"""The environment: sandboxed, strict, escaping; pages; words of each locale; masks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchpoint.errors import RenderError
from touchpoint.render import mask, words
from touchpoint.render.environment import Templates, templates
from touchpoint.render.pages import render_page
from touchpoint.render.sms import segments
from touchpoint.render.text import clean, usable_name


def render(tmp_path, source: str, name: str = "page.html", **context: object) -> str:
    (tmp_path / name).write_text(source, encoding="utf-8")
    return Templates(tmp_path).render(name, context)


def test_only_html_is_escaped(tmp_path):
    assert render(tmp_path, "{{ x }}", x="<b>") == "&lt;b&gt;"
    assert render(tmp_path, "{{ x }}", name="mail.txt", x="<b>") == "<b>"


@pytest.mark.parametrize(
    ("source", "thing"),
    [
        ("{{ gone }}", "'gone' is undefined"),
        ("{{ x.__class__.__mro__ }}", "reaches for what a template may not touch"),
        ("{{ things.append(1) }}", "reaches for what a template may not touch"),
        ("{{ 1 / 0 }}", "ZeroDivisionError while rendering"),
        ("line\n{% if %}", "line 2: Expected an expression, got 'end of statement block'"),
        ('{% include "gone.html" %}', "no such template"),
        ("{{ x | shout }}", "line 1: No filter named 'shout'."),
    ],
)
def test_a_template_that_goes_wrong_is_named_and_its_values_are_not(source, thing, tmp_path):
    with pytest.raises(RenderError) as refused:
        render(tmp_path, source, x="a secret", things=[])
    assert refused.value.thing == thing
    assert refused.value.place in ("include/templates/page.html", "include/templates/gone.html")
    assert "a secret" not in str(refused.value)


def test_a_page_is_rendered_and_one_that_would_not_be_escaped_is_refused(tmp_path, monkeypatch):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/hello.html").write_text("<p>{{ who }} {{ n | count }}</p>", encoding="utf-8")
    monkeypatch.setattr("touchpoint.render.pages.templates", lambda: templates(tmp_path))
    assert render_page("hello.html", who="<i>", n=12345) == "<p>&lt;i&gt; 12,345</p>"
    with pytest.raises(RenderError, match="would not be escaped"):
        render_page("hello.txt", who="x", n=1)


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "shown", "plain"),
    [
        (123450, "CNY", "zh-CN", "¥1,234.50", "1234.50元"),
        (123450, "CNY", "en", "CNY 1,234.50", "CNY 1,234.50"),
        (1, "CNY", "zh-CN", "¥0.01", "0.01元"),
        (-500, "CNY", "zh-CN", "-¥5.00", "-5.00元"),
        (1235, "JPY", "zh-CN", "JPY 1,235", "JPY 1,235"),
        (1234500, "KWD", "en", "KWD 1,234.500", "KWD 1,234.500"),
        (10**17 + 1, "CNY", "zh-CN", "¥1,000,000,000,000,000.01", "1000000000000000.01元"),
    ],
)
def test_money_is_written_as_the_locale_writes_it(minor, currency, locale, shown, plain):
    assert (words.money(minor, currency, locale), words.plain_money(minor, currency, locale)) == (shown, plain)


def test_filters_write_times_counts_and_shares():
    assert words.local_time(datetime(2026, 11, 22, 2, 30, tzinfo=UTC), "Asia/Shanghai") == "2026-11-22 10:30"
    assert [words.plural(n, "order", "orders") for n in (0, 1, 2)] == ["0 orders", "1 order", "2 orders"]
    assert [words.percent(share) for share in (0.125, 1, None)] == ["12.5 %", "100.0 %", "–"]


@pytest.mark.parametrize(
    ("said", "locale"),
    [("zh-CN", "zh-CN"), ("zh_Hans", "zh-CN"), ("en-GB", "en"), ("EN", "en"), ("fr", "zh-CN"), (None, "zh-CN")],
)
def test_a_locale_is_one_we_have_words_in_else_the_shops(said, locale):
    assert words.locale_of(said, "zh-CN") == locale


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("【店】" + "字" * 67, 1),
        ("【店】" + "字" * 68, 2),
        ("a" * 70, 1),
        ("a" * 160, 3),  # pure ASCII counts like anything else
        ("字" * 134, 2),
        ("字" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("字" * 66 + "😀" + "字" * 66, 3),  # a pair is not split over two parts: 66, 2 + 65, 1
    ],
)
def test_a_mainland_sms_is_counted_as_the_carriers_count(text, parts):
    assert segments(text) == parts


@given(st.text())
def test_cleaned_text_is_one_line_without_tricks_and_clean_for_good(text):
    cleaned = clean(text)
    assert cleaned == clean(cleaned) == cleaned.strip()
    assert len(cleaned.splitlines()) <= 1
    assert not set(cleaned) & set("\r\n\t\0\x1b\u2028\u202e\u2066\u200b【】")


@given(st.text())
def test_a_name_is_short_and_not_masked(text):
    name = usable_name(text)
    assert len(name) <= 12
    assert "**" not in name


@pytest.mark.parametrize(
    ("masked", "shown"),
    [
        (mask.mask_phone("+8613912345678"), "+86139****5678"),
        (mask.mask_phone("12345"), "*****"),
        (mask.mask_email("alice@example.com"), "a***@example.com"),
        (mask.mask_email("nonsense"), "***"),
        (mask.mask_name("王小明"), "王**"),
        (mask.mask_name("a very long name"), "a***"),
        (mask.mask_name("王"), "*"),
        (mask.mask_name(""), ""),
    ],
)
def test_what_is_masked_shows_too_little_to_reach_anybody(masked, shown):
    assert masked == shown
