"""A campaign file is taken whole or left out, naming file, key and remedy."""

from __future__ import annotations

import re

import pytest

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign

KEYS = (
    "id, description, owner, enabled, purpose, cadence, due, audience, occasion, steps, variants, valid_while, "
    "max_staleness, priority, limits, holdout, approval, goal"
)
SEGMENTS = "prospect, new, second_time, loyal, drifting, dormant, lost"


def test_every_campaign_shipped_here_loads():
    loaded = load_campaigns()
    assert loaded.broken == []
    assert "unpaid_reminder" in loaded.by_id


def test_the_keys_are_those_of_the_design_in_its_order():
    assert ", ".join(Campaign.model_fields) == KEYS


def test_a_campaign_remembers_its_text_and_what_that_hashes_to(place):
    text = (place.root / "config/campaigns/reminder.yaml").read_text(encoding="utf-8")
    first = place.load().by_id["reminder"]
    assert first.body == text
    place.change("Somebody hears", "Somebody heard")
    assert place.load().by_id["reminder"].file_hash != first.file_hash


def test_a_broken_file_is_left_out_and_the_others_load(place):
    place.write("config/campaigns/second.yaml", "id: second\n")
    loaded = place.load()
    assert list(loaded.by_id) == ["reminder"]
    assert [str(error) for error in loaded.broken] == ["second.yaml: missing key 'description'. add it"]


REFUSALS = {
    "an unknown key": (
        ("owner: marketing", "ownr: marketing"),
        "reminder.yaml: missing key 'owner'. add it",
    ),
    "one key too many": (
        ("owner: marketing", "owner: marketing\ncolour: red"),
        f"reminder.yaml: unknown key 'colour'. known keys: {KEYS}",
    ),
    "an unknown key of a step": (
        ("    template: remind", "    template: remind\n    chanel: sms"),
        "reminder.yaml: unknown key 'steps.0.chanel'. known keys: id, channel, template, after, not_before, not_after, "
        "confirm_with_platform",
    ),
    "a duplicate key": (
        ("owner: marketing", "owner: marketing\nowner: somebody"),
        "reminder.yaml:4: duplicate key 'owner'. keep one of them",
    ),
    "an alias": (
        ("description: Somebody hears something, once.\nowner: marketing", "description: &x words\nowner: *x"),
        "reminder.yaml:3: alias *x. write the value out: anchors and aliases are refused",
    ),
    "a time that YAML mangles": (
        ("    template: remind", "    template: remind\n    not_before: 10:30"),
        "reminder.yaml:19: '10:30' is not what YAML makes of it. quote it: \"10:30\"",
    ),
    "a time YAML does not mangle but nobody meant": (
        ("    template: remind", '    template: remind\n    not_before: "9.30"'),
        "reminder.yaml: key 'steps.0.not_before' is wrong. '9.30' is no time of day: write it quoted, as in \"09:30\"",
    ),
    "a country code that YAML reads as false": (
        ("owner: marketing", "owner: NO"),
        "reminder.yaml:3: 'NO' is not what YAML makes of it. quote it: \"NO\"",
    ),
    "a platform asked about a parcel": (
        (
            "occasion: order\nsteps:\n  - id: remind\n",
            "occasion: shipment\nsteps:\n  - id: remind\n    confirm_with_platform: true\n",
        ),
        "reminder.yaml: key 'steps' is wrong. remind has confirm_with_platform: only orders can be asked about; "
        "leave it out",
    ),
    "a number for a duration": (
        ("max_staleness: 30m", "max_staleness: 30"),
        "reminder.yaml: key 'max_staleness' is wrong. 30 is no duration: write a number and s, m, h or d, as in 30m",
    ),
    "a duration with a slip in a parameter": (
        ("flash_sale: 12m", "flash_sale: 12 m"),
        "reminder.yaml: key 'audience.parameters' is wrong. delay.flash_sale: '12 m' is no duration: "
        "write a number and s, m, h or d, as in 30m, or `learned`, or `learned or 30m`",
    ),
    "a delay that is learnt": (
        ("default: 30m, flash", "default: learnt, flash"),
        "reminder.yaml: key 'audience.parameters' is wrong. delay.default: 'learnt' is no duration: "
        "write a number and s, m, h or d, as in 30m, or `learned`, or `learned or 30m`",
    ),
    "a learned delay with a slip": (
        ("default: 30m, flash", "default: learned or 30, flash"),
        "reminder.yaml: key 'audience.parameters' is wrong. delay.default is 'learned or 30': "
        "write `learned`, or `learned or 30m`",
    ),
    "a source called learned": (
        ("flash_sale: 12m", "learned: 12m"),
        "reminder.yaml: key 'audience.parameters' is wrong. delay.learned is no source and no kind of payment: "
        "write `default: learned`",
    ),
    "a delay without a default": (
        ("{default: 30m, flash_sale: 12m}", "{flash_sale: 12m}"),
        "reminder.yaml: key 'audience.parameters' is wrong. delay is a mapping without a default: add default: …",
    ),
    "a delay as one value": (
        ("delay: {default: 30m, flash_sale: 12m}", "delay: 30m"),
        "reminder.yaml: audience.parameters: parameter 'delay' is one value. "
        "write it below default:, one line a source",
    ),
    "a mapping where one value is read": (
        ("lead: 15m", "lead: {default: 15m}"),
        "reminder.yaml: audience.parameters: parameter 'lead' is a mapping or a list. give one value",
    ),
    "a parameter misspelt": (
        ("lead: 15m", "leed: 15m"),
        "reminder.yaml: audience.parameters: unknown parameter 'leed'. "
        "include/sql/audiences/some_buyers.sql reads: delay, lead, offer",
    ),
    "a parameter left out": (
        ("    lead: 15m\n", ""),
        "reminder.yaml: audience.parameters: missing parameter 'lead'. "
        "add it: include/sql/audiences/some_buyers.sql reads it",
    ),
    "an unknown audience": (
        ("statement: some_buyers", "statement: nobody"),
        "reminder.yaml: audience.statement: unknown statement 'nobody'. "
        "add include/sql/audiences/nobody.sql or name one of: some_buyers",
    ),
    "a path for an audience": (
        ("statement: some_buyers", "statement: ../outbox/valid/still_true"),
        "reminder.yaml: key 'audience.statement' is wrong. String should match pattern '^[a-z][a-z0-9_]*$'",
    ),
    "an unknown condition": (
        ("valid_while: [still_true]", "valid_while: [still_true, order_upaid]"),
        "reminder.yaml: valid_while: unknown statement 'order_upaid'. "
        "add include/sql/outbox/valid/order_upaid.sql or name one of: still_true",
    ),
    "an unknown segment in an audience": (
        ("    offer: none", "    offer: none\n  segments: [sleepy]"),
        f"reminder.yaml: audience.segments: unknown segment 'sleepy'. one of: {SEGMENTS}",
    ),
    "a segment the audience does not look at": (
        ("    offer: none", "    offer: none\n  segments: [loyal]"),
        "reminder.yaml: audience.segments: segments do nothing here. "
        "leave it out: include/sql/audiences/some_buyers.sql does not read it, so nobody would be left out by it",
    ),
    "an unknown segment in variants": (
        ("loyal: loyal}", "loyl: loyal}"),
        f"reminder.yaml: variants: unknown segment 'loyl'. one of: {SEGMENTS}",
    ),
    "variants by something else": (
        ("{by: stage, new: new, loyal: loyal}", "{by: mood, new: new}"),
        "reminder.yaml: key 'variants' is wrong. write by: stage, then a line for each stage; "
        "or by: series, then series; or {} for none",
    ),
    "series without a word for those who prefer none": (
        ("{by: stage, new: new, loyal: loyal}", "{by: series, 复古简约: new, several: loyal}"),
        "reminder.yaml: key 'variants' is wrong. "
        "by series, add none: the variant for a customer with no preferred series",
    ),
    "series without a word for those who prefer several": (
        ("{by: stage, new: new, loyal: loyal}", "{by: series, 复古简约: new, none: loyal}"),
        "reminder.yaml: key 'variants' is wrong. "
        "by series, add several: the variant for a customer with several equally preferred ones",
    ),
    "words by series, and no series": (
        ("{by: stage, new: new, loyal: loyal}", "{by: series, none: new, several: loyal}"),
        "reminder.yaml: key 'variants' is wrong. "
        "no series is named: add a line for each, as the shop's product export names it",
    ),
    "an unknown key of a series": (
        (
            "{by: stage, new: new, loyal: loyal}",
            "{by: series, Casual: {words: new, vips: new}, none: new, several: loyal}",
        ),
        "reminder.yaml: unknown key 'variants.Casual.words.vips'. known keys: words, vip",
    ),
    "a stage with VIPs": (
        ("{by: stage, new: new, loyal: loyal}", "{by: stage, new: {words: new, vip: loyal}}"),
        "reminder.yaml: key 'variants' is wrong. by stage, write one variant a stage: words and vip belong to a series",
    ),
    "VIPs without words": (
        (
            "{by: stage, new: new, loyal: loyal}",
            "{by: series, Casual: {words: new, vip: new_vip}, none: new, several: loyal}",
        ),
        "reminder.yaml: steps.remind: missing template messages/reminder/zh-CN/remind.new_vip/sms.txt. "
        "write include/templates/messages/reminder/zh-CN/remind.new_vip/sms.txt",
    ),
    "money as a number": (
        ("    lead: 15m", "    vip_amount: 1000"),
        "reminder.yaml: key 'audience.parameters' is wrong. "
        'vip_amount is money: write 1000 quoted, in major units, as in "1000.00"',
    ),
    "money by the series, one of them in words": (
        ("    lead: 15m", '    vip_amount: {default: "1000", Casual: "a lot"}'),
        "reminder.yaml: key 'audience.parameters' is wrong. "
        "vip_amount is money: write 'a lot' quoted, in major units, as in \"1000.00\"",
    ),
    "another name than the file's": (
        ("id: reminder", "id: remainder"),
        "reminder.yaml: id is 'remainder'. write id: reminder, the file's name",
    ),
    "an unknown channel": (
        ("channel: [sms, email]", "channel: [sms, fax]"),
        "reminder.yaml: key 'steps.0.channel.1' is wrong. Input should be 'sms' or 'email'",
    ),
    "a channel twice": (
        ("channel: [sms, email]", "channel: [sms, sms]"),
        "reminder.yaml: key 'steps.0' is wrong. a channel is named twice: name each once, the preferred one first",
    ),
    "a first step that waits": (
        ("    template: remind", "    template: remind\n    after: 1d"),
        "reminder.yaml: key 'steps' is wrong. remind is the first step and has after: leave it out",
    ),
    "a share as words": (
        ("percent: 10", "percent: 60"),
        "reminder.yaml: key 'holdout.percent' is wrong. Input should be less than or equal to 50",
    ),
    "a switch as a word": (
        ("enabled: true", 'enabled: "true"'),
        "reminder.yaml: key 'enabled' is wrong. Input should be a valid boolean",
    ),
    "an impossible day": (
        ("due: every_run", "due: {day_of_month: []}"),
        "reminder.yaml: key 'due.days' is wrong. no day is named: give day_of_month (1 to 28) or weekday (mon to sun)",
    ),
    "a rhythm nobody keeps": (
        ("due: every_run", "due: sometimes"),
        "reminder.yaml: key 'due.run' is wrong. Input should be 'every_run'",
    ),
    "no staleness at all": (
        ("max_staleness: 30m", "max_staleness: 0m"),
        "reminder.yaml: key 'max_staleness' is wrong. "
        "0 would never let a message go: write how old facts may be, as in 30m",
    ),
    "an approval nobody may give": (
        ("approval: none", "approval: marketer"),
        "reminder.yaml: key 'approval' is wrong. "
        "a marketer answers for monthly campaigns alone: write none, or cadence: monthly",
    ),
    "a goal that counts nothing": (
        ("within: 24h", "within: 0h"),
        "reminder.yaml: key 'goal.within' is wrong. "
        "0 would count no order: write how long after a message one may come, as in 14d",
    ),
    "a goal longer than anybody lives": (
        ("within: 24h", "within: 40000d"),
        "reminder.yaml: key 'goal.within' is wrong. '40000d' is longer than a hundred years: write at most 36500d",
    ),
    "an order source nobody has": (
        ("flash_sale: 12m", "flash_sail: 12m"),
        "reminder.yaml: audience.parameters.delay: unknown order source or payment kind 'flash_sail'. "
        "one of: default, app, web, flash_sale, partner, card, debit_card, voucher, boleto; or add it to "
        "order_sources or payment_kinds of a shop's file",
    ),
    "a number of texts nobody gets": (
        ("limits: {per_day: 1}", "limits: {per_day: 99999999999999999999}"),
        "reminder.yaml: key 'limits.per_day' is wrong. Input should be less than or equal to 1000",
    ),
    "a parameter that no database holds": (
        ("lead: 15m", "lead: 99999999999"),
        "reminder.yaml: key 'audience.parameters' is wrong. lead is larger than 2147483647: write a smaller number",
    ),
    "an empty file": (
        None,
        "reminder.yaml: key '(file)' is wrong. Input should be a valid dictionary or instance of Campaign",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_file_is_refused_with(name, place):
    change, message = REFUSALS[name]
    if change:
        place.change(*change)
    else:
        place.write("config/campaigns/reminder.yaml", "")
    loaded = place.load()
    assert loaded.by_id == {}
    assert [str(error) for error in loaded.broken] == [message]


@pytest.mark.parametrize("key", Campaign.model_fields)
def test_every_key_has_to_be_there(key, place):
    path = "config/campaigns/reminder.yaml"
    text = (place.root / path).read_text(encoding="utf-8")
    without = re.sub(rf"^{key}:.*\n((?:[ -].*\n)*)", "", text, count=1, flags=re.MULTILINE)
    assert without != text
    place.write(path, without)
    assert place.problems() == [f"reminder.yaml: missing key '{key}'. add it"]


@pytest.mark.parametrize("part", ["sms.txt", "subject.txt", "body.txt", "body.html"])
def test_a_missing_template_leaves_the_campaign_out(part, place):
    place.remove(f"include/templates/messages/reminder/zh-CN/remind.loyal/{part}")
    missing = f"messages/reminder/zh-CN/remind.loyal/{part}"
    assert place.problems() == [
        f"reminder.yaml: steps.remind: missing template {missing}. write include/templates/{missing}"
    ]


def test_a_second_shop_with_another_locale_needs_its_words(place):
    place.write(
        "config/shops/second.yaml",
        (place.root / "config/shops/first.yaml")
        .read_text(encoding="utf-8")
        .replace("id: first", "id: second")
        .replace("zh-CN", "en"),
    )
    assert place.problems() == [
        "reminder.yaml: steps.remind: missing template messages/reminder/en/remind.loyal/sms.txt. "
        "write include/templates/messages/reminder/en/remind.loyal/sms.txt"
    ]


def test_a_broken_shop_file_stops_no_campaign(place):
    place.write("config/shops/second.yaml", "id: second\n")
    assert place.problems() == []


def test_a_file_that_is_not_utf_8_is_refused(place):
    (place.root / "config/campaigns/reminder.yaml").write_bytes("id: 催付\n".encode("gbk"))
    assert place.problems() == ["reminder.yaml:1: not UTF-8. save it as UTF-8"]


def test_a_delay_may_name_what_a_shop_s_own_export_says(place):
    place.change("flash_sale: 12m", "pix: 48h")
    place.change("sources: {}", "sources: {}\npayment_kinds: [pix]", "config/shops/first.yaml")
    assert place.problems() == []


TYPED = """\
SELECT
    given -> 'delay',
    make_interval(secs => (given ->> 'lead')::float8), -- (given ->> 'gone')::integer is not read any more
    (given ->> 'end_after')::integer,
    (given ->> 'wave')::bigint,
    (given ->> 'share')::numeric,
    given ->> 'offer'
FROM config
"""
KINDS = {
    "end_after: 4d": "end_after: end_after is '4d'. write a whole number from 1 to 100",
    "end_after: 0": "end_after: end_after is 0. write a whole number from 1 to 100",
    "end_after: 1000000": "end_after: end_after is 1000000. write a whole number from 1 to 100",
    "end_after: true": "end_after: end_after is True. write a whole number from 1 to 100",
    "end_after: 4.0": "end_after: end_after is 4.0. write a whole number from 1 to 100",
    "wave: -1": "wave: wave is -1. write a whole number from 0 to 1000000",
    "wave: many": "wave: wave is 'many'. write a whole number from 0 to 1000000",
    "share: half": "share: share is 'half'. write a number",
    "lead: 15": "lead: lead is a time: 15 is no duration: write a number and s, m, h or d, as in 30m. correct it",
    "lead: soon": "lead: lead is a time: 'soon' is no duration: write a number and s, m, h or d, as in 30m. correct it",
}


@pytest.mark.parametrize("line", KINDS)
def test_a_parameter_is_of_the_kind_its_statement_reads(line, place):
    place.write("include/sql/audiences/some_buyers.sql", TYPED)
    place.change("    lead: 15m\n", "    lead: 15m\n    end_after: 4\n    wave: 80\n    share: 0.5\n")
    assert place.problems() == []
    name = line.partition(":")[0]
    text = (place.root / "config/campaigns/reminder.yaml").read_text(encoding="utf-8")
    place.write("config/campaigns/reminder.yaml", re.sub(rf"(?m)^    {name}: .*$", f"    {line}", text))
    assert place.problems() == [f"reminder.yaml: audience.parameters.{KINDS[line]}"]


def copied(place, salt):
    """A second campaign, copied from the first, with a salt; and whether the first comes before it."""
    text = (place.root / "config/campaigns/reminder.yaml").read_text(encoding="utf-8")
    place.write(
        "config/campaigns/again.yaml", text.replace("id: reminder", "id: again").replace("once-and-for-all", salt)
    )
    words = place.root / "include/templates/messages"
    (words / "again").symlink_to(words / "reminder")


def test_a_copied_campaign_needs_a_salt_of_its_own(place):
    place.change("once-and-for-all", "reminder-1")
    copied(place, "reminder-1")
    loaded = place.load()
    assert list(loaded.by_id) == ["reminder"]  # whose name the salt bears, though the copy comes first
    assert [str(error) for error in loaded.broken] == [
        "again.yaml: holdout.salt: salt 'reminder-1' is that of reminder. give it its own, as in again-1"
    ]


def test_of_two_campaigns_with_a_salt_of_neither_name_the_first_keeps_it(place):
    copied(place, "once-and-for-all")
    loaded = place.load()
    assert list(loaded.by_id) == ["again"]
    assert [str(error) for error in loaded.broken] == [
        "reminder.yaml: holdout.salt: salt 'once-and-for-all' is that of again. give it its own, as in reminder-1"
    ]
