"""A configuration folder of one shop and one campaign that holds, with the templates and statements it names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from touchpoint.campaigns.load import Campaigns, load_campaigns

CAMPAIGN = """\
id: reminder
description: Somebody hears something, once.
owner: marketing
enabled: true
purpose: transactional
cadence: intraday
due: every_run
audience:
  statement: some_buyers
  parameters:
    delay: {default: 30m, flash_sale: 12m}
    lead: 15m
    offer: none
occasion: order
steps:
  - id: remind
    channel: [sms, email]
    template: remind
variants: {by: stage, new: new, loyal: loyal}
valid_while: [still_true]
max_staleness: 30m
priority: 500
limits: {per_day: 1}
holdout: {percent: 10, salt: once-and-for-all}
approval: none
goal: {event: order_paid, within: 24h}
"""

SHOP = """\
id: first
name: First
platform: files
zone: Asia/Shanghai
locale: zh-CN
currency: CNY
signature: 小店
agent_contact: a chat
cut_off: "16:00"
sending: on
sources: {}
sms:
  provider: aliyun_sms
  connection: sms
  signature: 小店
  templates:
    reminder/zh-CN/remind.new: SMS_1
    reminder/zh-CN/remind.loyal: SMS_2
"""

WORDS = {
    "sms.txt": "{{ name }}，您有{{ orders }}待付款，请随时联系客服。",
    "subject.txt": "您有订单待付款",
    "body.txt": "{{ name }}，您好。",
    "body.html": "<p>{{ name }}，您好。</p>",
}


@dataclass(frozen=True)
class Place:
    """A project in a folder: change it, then load it."""

    root: Path

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def change(self, old: str, new: str, path: str = "config/campaigns/reminder.yaml") -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, old
        self.write(path, text.replace(old, new, 1))

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def load(self) -> Campaigns:
        return load_campaigns(
            self.root / "config", templates=self.root / "include/templates", sql=self.root / "include/sql"
        )

    def problems(self) -> list[str]:
        return [str(error) for error in self.load().broken]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A project whose one campaign loads."""
    made = Place(tmp_path)
    made.write("config/campaigns/reminder.yaml", CAMPAIGN)
    made.write("config/shops/first.yaml", SHOP)
    made.write(
        "include/sql/audiences/some_buyers.sql",
        "SELECT given -> 'delay', given ->> 'lead', nullif(given ->> 'offer', 'none') FROM config",
    )
    made.write("include/sql/outbox/valid/still_true.sql", "SELECT 1")
    for variant in ("new", "loyal"):
        for part, words in WORDS.items():
            made.write(f"include/templates/messages/reminder/zh-CN/remind.{variant}/{part}", words)
    assert made.problems() == []
    return made
