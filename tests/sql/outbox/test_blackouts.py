"""In a blackout of the shop no promotion is claimed, whatever was planned; everything else goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.faults.world import AT, World, shop
from tests.sql.decide.building import make_campaign
from tests.sql.outbox.conftest import Recorder

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database
from touchpoint.model import Channel
from touchpoint.outbox.sweep import sweep

SMS = Channel.SMS
DAY = timedelta(days=1)
TODAY = {"from": "2026-11-20", "until": "2026-11-20", "reason": "双十一返场"}
CONSENTED = """
INSERT INTO contact.consents (shop_id, address_hash, channel, purpose, is_granted, happened_at, known_at, method)
SELECT 'stall', encode(sha256(('+86190' || lpad(n::text, 8, '0'))::bytea), 'hex'), 'sms', 'promotional', true, %(at)s,
    %(at)s, 'list'
FROM generate_series(1, 9) n
"""


def promotions(*ids: str) -> dict[str, Campaign]:
    """Campaigns by id; the reminder is transactional, the others are not."""
    both = {name: make_campaign(id=name, purpose="promotional", variants={}) for name in ids}
    return {"unpaid_reminder": make_campaign(), **both}


def silenced(database: Database, **changed: Any) -> World:
    """A shop whose blackout is today."""
    world = World(database, shop=shop(blackouts=[{**TODAY, **changed}]))
    world.sql(CONSENTED, at=AT)
    return world


def add(world: World, campaign_id: str, purpose: str = "promotional", **changed: Any) -> None:
    world.add(1, purpose=purpose, campaign_id=campaign_id, valid_while=[], not_after=AT + 9 * DAY, **changed)


def send(world: World, channel: Recorder, campaigns: dict[str, Campaign], at: datetime = AT) -> dict[str, int]:
    return dict(world.dispatch({SMS: channel}, at, campaigns=campaigns).held)


def test_a_promotion_waits_and_says_why_a_notice_goes(database: Database, channel: Recorder) -> None:
    world = silenced(database)
    add(world, "autumn")
    add(world, "unpaid_reminder", "transactional")
    assert send(world, channel, promotions("autumn")) == {"blackout": 1}
    assert len(channel.messages) == 1
    assert world.states() == {"accepted": 1, "waiting": 1}


def test_an_excepted_campaign_goes(database: Database, channel: Recorder) -> None:
    world = silenced(database, **{"except": ["unpaid_reminder"]})
    campaigns = {"unpaid_reminder": make_campaign(purpose="promotional")}
    add(world, "unpaid_reminder")
    assert send(world, channel, campaigns) == {}
    assert world.states() == {"accepted": 1}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-19T23:59:59+08:00", False),
        ("2026-11-20T00:00:00+08:00", True),
        ("2026-11-20T23:59:59+08:00", True),
        ("2026-11-21T00:00:00+08:00", False),
    ],
)
def test_it_begins_and_ends_with_the_shop_s_midnight(
    database: Database, channel: Recorder, at: str, expected: bool
) -> None:
    world = silenced(database)
    instant = datetime.fromisoformat(at)
    add(world, "autumn", not_before=AT - 3 * DAY, max_staleness=None, planned_on=AT.date() + DAY)
    assert ("blackout" in send(world, channel, promotions("autumn"), instant)) == expected


def test_when_it_is_over_the_message_is_planned_anew_and_goes(database: Database, channel: Recorder) -> None:
    world = silenced(database)
    campaigns = promotions("unpaid_reminder")
    add(world, "unpaid_reminder", planned_on=AT.date() - DAY, max_staleness=None)
    for at, states in ((AT, {"waiting": 1}), (AT + DAY, {"accepted": 1})):
        with world.db.transaction() as tx:
            moved = sweep(tx, realm="live", shop=world.shop, at=at, policy=world.policy, campaigns=campaigns)
        assert moved["replanned"] == (1 if at > AT else 0)
        send(world, channel, campaigns, at)
        assert world.states() == states


def test_the_reason_is_told_before_the_day_that_has_passed(database: Database, channel: Recorder) -> None:
    world = silenced(database)
    add(world, "autumn", planned_on=AT.date() - DAY)
    assert send(world, channel, promotions("autumn")) == {"blackout": 1}
