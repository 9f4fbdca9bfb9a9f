"""Rendering: untrusted text stays text, what is missing is refused, and the provider's text is ours."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser

import pytest

from touchpoint.errors import RenderError
from touchpoint.model import Channel, Purpose
from touchpoint.render import sms
from touchpoint.render.environment import TEMPLATE_ROOT
from touchpoint.render.messages import Renderer, message_context, provider_templates

SPITEFUL = {
    "template code": ("{{7*7}}", "{{7*7}}"),
    "a block": ("{% raw %}", "{% raw %}"),
    "markup": ("<script>", "<script>"),
    "an attribute": ('"><img', '"><img'),
    "a new header": ("a\r\nBcc: x", "a Bcc: x"),
    "an escape and a bell": ("\x1b[31mred\x07", "[31mred"),
    "right-to-left override": ("\u202etxt.exe", "txt.exe"),
    "invisible characters": ("小\u200b明\ufeff", "小明"),
    "a signature": ("【银行】小明", "银行小明"),
    "a provider's placeholder": ("${orders}x", "${orders}x"),
    "a formula": ("=cmd()", "=cmd()"),
    "a line separator": ("a\u2028b", "a b"),
}


class Reader(HTMLParser):
    """What a mail client would show, and the tags it would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.shown = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.mark.parametrize("kind", SPITEFUL)
def test_a_spiteful_nickname_or_title_stays_text_in_every_part(kind, unpaid):
    given, seen = SPITEFUL[kind]
    text = unpaid(display_name=given).text
    assert text.startswith(f"【青禾小铺】{seen}，您拍下的1笔订单")
    assert text.count("【") == text.count("】") == 1
    mail = unpaid(channel=Channel.EMAIL, display_name=given, item_title=given)
    assert mail.subject == f"{seen}，您拍下的1笔订单还未付款，先为您留着"
    assert f"商品：「{seen}」" in mail.text
    clean = unpaid(channel=Channel.EMAIL)
    page, plain = Reader(mail.html), Reader(clean.html)
    assert f"「{seen}」" in page.shown
    assert page.tags == plain.tags


def test_an_unescaped_template_would_be_noticed(tmp_path, shop, row, unpaid):
    shutil.copytree(TEMPLATE_ROOT / "messages", tmp_path / "messages")
    path = tmp_path / "messages/unpaid_reminder/zh-CN/remind.new/body.html"
    path.write_text(path.read_text(encoding="utf-8").replace("{{ name }}", "{{ name | safe }}"), encoding="utf-8")
    mail = unpaid(channel=Channel.EMAIL, display_name="<script>", with_renderer=Renderer(tmp_path))
    assert "script" in Reader(mail.html).tags


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("variant", ["new", "offer", "loyal"])
@pytest.mark.parametrize("name", ["小明", "{{7*7}}", "${orders}x"])
def test_what_the_provider_makes_of_its_text_is_what_we_rendered(locale, variant, name, shop, unpaid):
    registered = provider_templates(shop)
    message = unpaid(variant, locale=locale, display_name=name)
    code = shop.sms.templates[message.code_key]
    assert f"【{shop.sms.signature}】{sms.fill(registered[code], message.params)}" == message.text
    assert set(re.findall(r"\$\{(\w+)\}", registered[code])) == set(message.params)


def test_every_code_of_the_shop_has_a_text_of_its_own(shop):
    registered = provider_templates(shop)
    assert sorted(registered) == sorted(shop.sms.templates.values())
    assert len(set(registered.values())) == len(registered)


def test_a_shop_without_sms_registers_nothing(shop):
    assert provider_templates(shop.model_copy(update={"sms": None})) == {}


@pytest.mark.parametrize(
    "source",
    [
        "{% if name %}你好{% endif %}",
        "{{ name | upper }}",
        "{{ name.upper() }}",
        "{# note #}你好",
        "${name}你好",
        "【店】你好",
        "{{ Name }}",
    ],
)
def test_an_sms_template_with_more_than_variables_is_refused(source):
    with pytest.raises(RenderError, match="words and plain"):
        sms.provider_text(source, "messages/x/sms.txt")


def test_a_variable_the_provider_reserves_is_refused():
    with pytest.raises(RenderError, match="refuses a variable named 'nick'"):
        sms.variables("{{ nick }}，你好", "messages/x/sms.txt")


def test_a_second_time_buyer_is_never_told_a_bare_reminder(shop, row, renderer):
    for channel in Channel:
        with pytest.raises(RenderError, match="'offer' is undefined"):
            renderer.render(
                shop=shop,
                campaign="unpaid_reminder",
                locale="zh-CN",
                template="remind",
                variant="offer",
                channel=channel,
                purpose=Purpose.TRANSACTIONAL,
                context=message_context(shop, row(offer=None), row()["first_created_at"]),
            )


def test_the_offer_of_a_campaign_file_reaches_its_texts(shop, row):
    made = Renderer(campaign_values={"unpaid_reminder": {"offer": "优先发货"}}).render(
        shop=shop,
        campaign="unpaid_reminder",
        locale="zh-CN",
        template="remind",
        variant="offer",
        channel=Channel.SMS,
        purpose=Purpose.TRANSACTIONAL,
        context=message_context(shop, row(), row()["first_created_at"]),
    )
    assert made.text.endswith("您是会员，本次可享优先发货。")


def test_a_missing_template_is_refused_naming_its_path(shop, renderer, row):
    with pytest.raises(RenderError) as refused:
        renderer.render(
            shop=shop,
            campaign="unpaid_reminder",
            locale="zh-CN",
            template="remind",
            variant="old",
            channel=Channel.SMS,
            purpose=Purpose.TRANSACTIONAL,
            context={},
        )
    assert str(refused.value) == (
        "include/templates/messages/unpaid_reminder/zh-CN/remind.old/sms.txt: no such template. "
        "write it or correct the name"
    )


def test_a_reader_whose_language_a_campaign_does_not_speak_reads_the_shops(tmp_path, shop, row, unpaid):
    shutil.copytree(TEMPLATE_ROOT / "messages", tmp_path / "messages")
    shutil.rmtree(tmp_path / "messages/unpaid_reminder/en")
    few = Renderer(tmp_path)
    assert unpaid(locale="en", with_renderer=few) == unpaid(with_renderer=few)
    nameless = unpaid(locale="en", with_renderer=few, display_name=None)
    assert nameless.text.startswith("【青禾小铺】亲，")
    assert nameless.code_key == "unpaid_reminder/zh-CN/remind.new"


MAIL = {
    "subject.txt": "AD: hello",
    "body.txt": '{% extends "messages/_base/en/email.txt" %}{% block content %}Hi{% endblock %}'
    "{% block reason %}You asked.{% endblock %}{% block unsubscribe %}Stop: {{ unsubscribe_url }}{% endblock %}",
    "body.html": '{% extends "messages/_base/en/email.html" %}{% block preheader %}Hi{% endblock %}'
    "{% block content %}Hi{% endblock %}{% block reason %}You asked.{% endblock %}"
    '{% block unsubscribe %}<a href="{{ unsubscribe_url }}">Stop</a>{% endblock %}',
}
TOLD = {
    "locale": "en",
    "signature": "S",
    "shop_name": "S",
    "contact": "c",
    "unsubscribe_url": "https://s.example/u?a&b",
}


def mail(tmp_path, shop, purpose=Purpose.PROMOTIONAL, **changes):
    shutil.copytree(TEMPLATE_ROOT / "messages/_base", tmp_path / "messages/_base", dirs_exist_ok=True)
    folder = tmp_path / "messages/promotion/en/hello"
    folder.mkdir(parents=True, exist_ok=True)
    for part, text in {**MAIL, **changes}.items():
        (folder / part).write_text(text, encoding="utf-8")
    return Renderer(tmp_path).render(
        shop=shop,
        campaign="promotion",
        locale="en",
        template="hello",
        variant=None,
        channel=Channel.EMAIL,
        purpose=purpose,
        context=TOLD,
    )


def test_a_promotional_mail_with_an_unsubscribe_link_in_both_parts_is_rendered(tmp_path, shop):
    made = mail(tmp_path, shop)
    assert "Stop: https://s.example/u?a&b" in made.text
    assert 'href="https://s.example/u?a&amp;b"' in made.html


@pytest.mark.parametrize("part", ["body.txt", "body.html"])
def test_a_promotional_mail_without_an_unsubscribe_link_is_refused(part, tmp_path, shop):
    without = re.sub(r"{% block unsubscribe %}.*?{% endblock %}", "", MAIL[part])
    with pytest.raises(RenderError, match=f"promotion/en/hello/{part}: a promotional e-mail without its unsubscribe"):
        mail(tmp_path, shop, **{part: without})
    assert mail(tmp_path, shop, Purpose.TRANSACTIONAL, **{part: without}).subject == "AD: hello"


@pytest.mark.parametrize("block", ["content", "reason"])
def test_a_mail_says_something_and_why_it_comes(block, tmp_path, shop):
    without = re.sub(rf"{{% block {block} %}}.*?{{% endblock %}}", "", MAIL["body.html"])
    with pytest.raises(RenderError, match=f"Required block '{block}' not found"):
        mail(tmp_path, shop, **{"body.html": without})


def test_a_version_names_the_files_a_message_was_made_from_and_those_they_extend(tmp_path, unpaid):
    shutil.copytree(TEMPLATE_ROOT / "messages", tmp_path / "messages")
    first = unpaid(channel=Channel.EMAIL, with_renderer=Renderer(tmp_path))
    again = unpaid(channel=Channel.EMAIL, with_renderer=Renderer(tmp_path))
    base = tmp_path / "messages/_base/card.html"
    base.write_text(base.read_text(encoding="utf-8").replace("14px 0", "15px 0"), encoding="utf-8")
    changed = unpaid(channel=Channel.EMAIL, with_renderer=Renderer(tmp_path))
    assert (first.version, first.digest) == (again.version, again.digest)
    assert first.version != changed.version
    assert first.digest != changed.digest
    assert len(first.version) == 16


def test_a_renderer_does_not_mix_an_edit_into_a_run(tmp_path, unpaid):
    shutil.copytree(TEMPLATE_ROOT / "messages", tmp_path / "messages")
    renderer = Renderer(tmp_path)
    before = unpaid(with_renderer=renderer)
    path = tmp_path / "messages/unpaid_reminder/zh-CN/remind.new/sms.txt"
    path.write_text("{{ name }}，换了一句话。", encoding="utf-8")
    assert unpaid(with_renderer=renderer) == before
    assert unpaid(with_renderer=Renderer(tmp_path)).text == "【青禾小铺】小明，换了一句话。"
