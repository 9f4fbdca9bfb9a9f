"""The lint: key order, words of the law and of the providers, and what each kind of message owes."""

from __future__ import annotations

import pytest

from touchpoint.campaigns.lint import LintFinding, lint
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.campaigns.wording import find_words, load_wording
from touchpoint.model import Purpose
from touchpoint.settings import load_shop

SMS = "include/templates/messages/reminder/zh-CN/remind.new/sms.txt"
SUBJECT = "include/templates/messages/reminder/zh-CN/remind.new/subject.txt"


@pytest.fixture(scope="session")
def wording():
    return load_wording()


def findings(place, wording, purpose=Purpose.TRANSACTIONAL, variant="new") -> list[LintFinding]:
    campaign = place.load().by_id["reminder"].model_copy(update={"purpose": purpose})
    shops = [load_shop("first", place.root / "config")]
    found = lint(campaign, wording=wording, shops=shops, templates=place.root / "include/templates")
    return [finding for finding in found if "/remind." not in finding.place or f"/remind.{variant}/" in finding.place]


def test_the_shipped_campaigns_have_no_errors_and_the_chinese_texts_are_one_part_each():
    for campaign in load_campaigns().by_id.values():
        assert lint(campaign) == []


def test_a_clean_campaign_has_no_findings(place, wording):
    assert findings(place, wording) == []


def test_a_key_out_of_order_is_named(place, wording):
    place.change("owner: marketing\nenabled: true", "enabled: true\nowner: marketing")
    assert findings(place, wording) == [
        LintFinding(
            "error",
            "config/campaigns/reminder.yaml",
            "key 'enabled' is out of order",
            f"order them: {', '.join(Campaign.model_fields)}",
        )
    ]


@pytest.mark.parametrize(
    ("text", "level", "thing"),
    [
        ("我们的衣服是全网最低价，请放心。", "error", "'全网最低价': Advertising Law art. 9(3)"),
        ("我们的衣服是国 家 级，请放心。", "error", "'国家级': Advertising Law art. 9(3)"),  # spaced out
        ("这是最棒的衣服，请放心。", "warning", "'最棒': may be an absolute claim"),
        ("加微信找我们。", "error", "'加微信' is refused by SMS providers"),
        ("这里有★请看。", "error", "symbol ★ is refused by SMS providers"),
        ("现在有优惠，请看。", "error", "'优惠' in a transactional SMS"),
        ("A Discount for you.", "error", "'discount' in a transactional SMS"),
        ("请付款，拒收请回复R", "error", "拒收请回复R in a notice"),
        ("{{ name }}，{{ orders }}。", "error", "nothing but variables"),
    ],
)
def test_a_notice_by_sms_is_refused_for(text, level, thing, place, wording):
    place.write(SMS, text)
    assert [(found.level, found.place, found.thing) for found in findings(place, wording)] == [(level, SMS, thing)]


@pytest.mark.parametrize("text", ["您最近的订单，最晚明天发货，第一时间通知您。", "Enjoy the freedom of wholesale."])
def test_harmless_words_that_look_alike_pass(text, place, wording):
    place.write(SMS, text)
    assert findings(place, wording) == []


def test_a_promotional_sms_ends_with_the_way_to_opt_out_and_its_mail_says_what_it_is(place, wording):
    found = findings(place, wording, Purpose.PROMOTIONAL)
    assert [(one.place, one.thing, one.remedy) for one in found] == [
        (SMS, "no way to opt out", "end it with 拒收请回复R"),
        (SUBJECT, "a promotion that does not say so", "begin it with 广告 or AD"),
    ]
    place.write(SMS, "新品上市，欢迎来看。拒收请回复R")
    place.write(SUBJECT, "广告：新品上市")
    assert findings(place, wording, Purpose.PROMOTIONAL) == []


def test_an_sms_of_two_parts_is_pointed_out_with_its_signature_counted(place, wording):
    fits = "您有订单待付款，" + "请" * 57 + "。"  # 66 characters and 【小店】
    place.write(SMS, fits)
    assert findings(place, wording) == []
    place.write(SMS, fits + "。")
    assert findings(place, wording) == [
        LintFinding("warning", SMS, "about 71 characters: billed as 2", "70 with the signature are one")
    ]


def test_an_sms_nobody_takes_is_an_error(place, wording):
    place.write(SMS, "请" * 600)
    assert [(found.level, found.thing) for found in findings(place, wording)] == [("error", "604 characters")]


def test_an_offer_of_a_notice_is_a_service_never_a_price(place, wording):
    place.change("offer: none", "offer: 满减优惠")
    found = [one.thing for one in findings(place, wording)]
    assert found == ["'优惠' makes a notice a promotion", "'满减' makes a notice a promotion"]
    place.change("offer: 满减优惠", "offer: 优先发货")
    assert findings(place, wording) == []


def test_words_that_name_a_series_are_for_one_series_alone(place, wording):
    place.change("{by: stage, new: new, loyal: loyal}", "{by: series, Casual: new, none: loyal, several: loyal}")
    place.write(SMS, "{{ name }}，{{ series }}在等您。")
    assert findings(place, wording) == []
    place.write(SMS.replace("remind.new", "remind.loyal"), "{{ name }}，{{ series }}在等您。")
    assert [(found.level, found.thing) for found in findings(place, wording, variant="loyal")] == [
        ("error", "names a series to readers of none or of several")
    ]


def test_a_promotion_that_speaks_of_an_offer_names_one(place, wording):
    place.write(SMS, "{{ name }}，给您留了{{ offer }}，至{{ offer_ends }}。拒收请回复R")
    thing = "speaks of an offer that the file does not name"
    assert thing in {found.thing for found in findings(place, wording, Purpose.PROMOTIONAL)}
    assert thing not in {found.thing for found in findings(place, wording)}
    place.write(SMS, "{{ name }}，来走走。拒收请回复R")
    assert thing not in {found.thing for found in findings(place, wording, Purpose.PROMOTIONAL)}


def test_a_text_not_registered_with_the_provider_is_an_error_of_the_shop(place, wording):
    place.change("    reminder/zh-CN/remind.new: SMS_1\n", "", "config/shops/first.yaml")
    assert findings(place, wording) == [
        LintFinding(
            "error",
            "config/shops/first.yaml: sms.templates",
            "no template code for reminder/zh-CN/remind.new",
            "register the text with the provider and write its code here",
        )
    ]


@pytest.mark.parametrize(
    ("subject", "thing"),
    [
        ("Act now", "'act now' in a subject"),
        ("Hello! There!", "more than one exclamation mark"),
        ("YOUR ORDER IS WAITING", "mostly capitals"),
        ("Re: your order", "'re:' in a subject"),
    ],
)
def test_a_subject_that_filters_distrust_is_a_warning(subject, thing, place, wording):
    place.write(SUBJECT, subject)
    assert [(found.level, found.thing) for found in findings(place, wording)] == [("warning", thing)]


def test_a_word_within_a_longer_one_is_named_once(wording):
    assert [found.word for found in find_words("全网最低价", wording)] == ["全网最低价"]


def test_a_step_that_wants_its_orders_confirmed_says_which_shop_has_nobody_to_ask(place, wording):
    place.change("    template: remind\n", "    template: remind\n    confirm_with_platform: true\n")
    (found,) = findings(place, wording)
    assert (found.level, found.place) == ("warning", "config/shops/first.yaml: sources.order")
