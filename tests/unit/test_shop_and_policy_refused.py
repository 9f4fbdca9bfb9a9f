"""What a shop's or the policy's file may not say: refused at load, with file, key and remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from touchpoint.errors import ConfigError
from touchpoint.settings import CONFIG_ROOT, load_operations, load_policy, load_shop

SHOP = "config/shops/sandbox.yaml"
POLICY = "config/policy.yaml"
OPERATIONS = "config/operations.yaml"
MAILBOX = "that is no mail address: write one alone, as in service@shop.example"
LINE = "write some words in one line, without space before or after them"
SENDER = "sender: service@qinghe.example"
ALARMS = "sender: touchpoint@sandbox.invalid"
REMINDER, PROMOTION = "SMS_900000101", "unpaid_reminder/zh-CN/remind.offer: SMS_900000102"
NOTICES = '{from: "22:00", until: "08:00"}'
REFUSALS = {
    "a sender without a domain": (SHOP, SENDER, "sender: service", f"email.sender: {MAILBOX}"),
    "a sender with a line break": (
        SHOP,
        SENDER,
        'sender: "a@b.example\\nBcc: c@d.example"',
        f"email.sender: {MAILBOX}",
    ),
    "a sender that ends in a line break": (SHOP, SENDER, 'sender: "a@b.example\\n"', f"email.sender: {MAILBOX}"),
    "a sender with a name beside it": (SHOP, SENDER, "sender: Shop <a@b.example>", f"email.sender: {MAILBOX}"),
    "a sender with two dots": (SHOP, SENDER, "sender: a..b@c.example", f"email.sender: {MAILBOX}"),
    "a sender outside ASCII": (SHOP, SENDER, "sender: 客服@店.example", f"email.sender: {MAILBOX}"),
    "a sender's name in two lines": (
        SHOP,
        "sender_name: 青禾小铺",
        'sender_name: "a\\nb"',
        f"email.sender_name: {LINE}",
    ),
    "no sender's name": (SHOP, "sender_name: 青禾小铺", 'sender_name: ""', f"email.sender_name: {LINE}"),
    "an answer to nowhere": (SHOP, "reply_to: help@qinghe.example", "reply_to: help", f"email.reply_to: {MAILBOX}"),
    "an alarm to nobody": (SHOP, "sending: on", "sending: on\nalarms_to: [ops]", f"alarms_to.0: {MAILBOX}"),
    "alarms from a bad sender": (OPERATIONS, ALARMS, "sender: touchpoint", f"alerts.sender: {MAILBOX}"),
    "alarms to a bad address": (OPERATIONS, "to: [ops@sandbox.invalid]", "to: [ops]", f"alerts.to.0: {MAILBOX}"),
    "a registered signature with brackets": (
        SHOP,
        "  signature: 青禾小铺",
        "  signature: 【青禾小铺】",
        "sms.signature: '【青禾小铺】' has brackets: leave them out, they are put around it",
    ),
    "a signature with brackets": (
        SHOP,
        "\nsignature: 青禾小铺",
        '\nsignature: "[青禾小铺]"',
        "signature: '[青禾小铺]' has brackets: leave them out, they are put around it",
    ),
    "one code under two texts": (
        SHOP,
        PROMOTION,
        f"unpaid_reminder/zh-CN/remind.offer: {REMINDER}",
        f"sms.templates: unpaid_reminder/zh-CN/remind.new and unpaid_reminder/zh-CN/remind.offer have the same code "
        f"{REMINDER}: register each by itself",
    ),
    "an empty code": (
        SHOP,
        PROMOTION,
        'unpaid_reminder/zh-CN/remind.offer: " "',
        "sms.templates: unpaid_reminder/zh-CN/remind.offer has an empty code: write the one it is registered under",
    ),
    "orders that never close": (
        SHOP,
        "closes_after: 24h",
        "closes_after: 9999d",
        "closes_after: orders close after 1m at the soonest and 90d at the latest: write a time between them",
    ),
    "orders that close at once": (
        SHOP,
        "closes_after: 24h",
        "closes_after: 0h",
        "closes_after: orders close after 1m at the soonest and 90d at the latest: write a time between them",
    ),
    "a closing time that is a number": (
        SHOP,
        "closes_after: 24h",
        "closes_after: 24",
        "closes_after: 24 is no duration: write a number and s, m, h or d, as in 30m",
    ),
    "quiet hours without a channel": (
        POLICY,
        '  email:\n    transactional: {from: "23:00", until: "07:00"}\n'
        '    promotional: {from: "21:00", until: "08:00"}\n',
        "",
        "quiet_hours: quiet hours of email: transactional is missing, and nothing would hold for it: add it",
    ),
    "quiet hours without a purpose": (
        POLICY,
        f"    transactional: {NOTICES}\n",
        "",
        "quiet_hours: quiet hours of sms: transactional is missing, and nothing would hold for it: add it",
    ),
    "quiet hours of no hour": (
        POLICY,
        NOTICES,
        '{from: "22:00", until: "22:00"}',
        "quiet_hours.sms.transactional: from and until are the same, so that no hour is quiet: write two times of day",
    ),
    "no share that is held out": (
        POLICY,
        "promotional: 10",
        "",
        "holdout_percent: holdout_percent: promotional is missing, and nothing would hold for it: add it",
    ),
    "a share below nothing": (
        POLICY,
        "promotional: 10",
        "promotional: -1",
        "holdout_percent.promotional: Input should be greater than or equal to 0",
    ),
    "a share of more than half": (
        POLICY,
        "promotional: 10",
        "promotional: 51",
        "holdout_percent.promotional: Input should be less than or equal to 50",
    ),
    "no caps of promotions": (
        POLICY,
        "  promotional: {per_day: 1, per_week: 3}\n",
        "",
        "caps: caps: promotional is missing, and nothing would hold for it: add it",
    ),
    "a test address that is a word": (
        POLICY,
        "test_addresses: []",
        "test_addresses: [a@b.example, me]",
        "test_addresses: entry 2 is no e-mail address and no mobile number with its country code: correct or remove it",
    ),
    "a test address without a domain": (
        POLICY,
        "test_addresses: []",
        "test_addresses: [me@home]",
        "test_addresses: entry 1 is no e-mail address and no mobile number with its country code: correct or remove it",
    ),
}
LOADERS = {SHOP: lambda config: load_shop("sandbox", config), POLICY: load_policy, OPERATIONS: load_operations}


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_with(name: str, tmp_path: Path) -> None:
    file, old, new, said = REFUSALS[name]
    shutil.copytree(CONFIG_ROOT, tmp_path / "config")
    path = tmp_path / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        LOADERS[file](tmp_path / "config")
    key, _, remedy = said.partition(": ")
    assert str(refused.value) == f"{path.name}: key '{key}' is wrong. {remedy}"


@pytest.mark.parametrize("address", ["+8613800138000", "138-0013-8000", "+447911123456", "Colleague@shop.example"])
def test_a_test_address_may_be(address: str, tmp_path: Path) -> None:
    shutil.copytree(CONFIG_ROOT, tmp_path / "config")
    path = tmp_path / POLICY
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("test_addresses: []", f'test_addresses: ["{address}"]'), encoding="utf-8")
    assert load_policy(tmp_path / "config").test_addresses == [address]
