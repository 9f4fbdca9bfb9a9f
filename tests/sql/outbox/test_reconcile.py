"""What reconciling does and says: nothing is counted away, nothing is asked of a channel that is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal

import pytest
from tests.channels.fakes import FakeAliyun
from tests.faults.world import AT, REALM, World
from tests.sql.outbox.conftest import Recorder

from touchpoint.channels.aliyun_sms import CHINA
from touchpoint.clock import real_now
from touchpoint.model import Channel, SendResult, SendState
from touchpoint.pipeline import sending
from touchpoint.services import Services
from touchpoint.settings import ConnectionInfo, Shop

SMS = Channel.SMS


def services(world: World, **connections: ConnectionInfo) -> Services:
    own = ConnectionInfo(conn_id="touchpoint", extra={"environment_id": world.environment_id})
    return Services(db=world.db, resolve=connections.__getitem__, connection=own)


def test_what_was_taken_back_is_told_beside_what_was_asked_about(
    world: World, channel: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(3)
    channel.answer = lambda m: SendResult(m.attempt_id, SendState.UNKNOWN, error_code="ReadTimeout")
    world.dispatch({SMS: channel})
    world.sql("UPDATE ledger.message SET state = 'sending', lease_until = clock_timestamp() WHERE message_id = 1")
    world.sql("UPDATE ledger.attempt SET state = 'open' WHERE message_id = 1")
    channel.close = lambda: None  # type: ignore[attr-defined]
    monkeypatch.setattr(sending, "open_channel", lambda *_: channel)
    world.shop = world.shop.model_copy(update={"email": None})
    attempts = [row["attempt_id"] for row in world.sql("SELECT attempt_id FROM ledger.attempt ORDER BY message_id")]
    channel.known = dict.fromkeys(attempts)
    found = sending.settle(services(world), REALM, world.shop, world.clock(AT), force=True)
    assert found == {"taken back: unknown": 1, "unknown": 3}


def test_a_shop_without_a_channel_reconciles_and_dispatches_nothing(world: World) -> None:
    world.add(1)
    bare = world.shop.model_copy(update={"sms": None, "email": None})
    assert sending.settle(services(world), REALM, bare, world.clock(AT)) == {}
    assert sending.send(services(world), REALM, bare, world.clock(AT)).get("accepted") is None
    assert world.states() == {"waiting": 1}


@pytest.fixture
def gateway() -> Iterator[FakeAliyun]:
    made = FakeAliyun()
    yield made
    made.close()


def costs(world: World) -> list[tuple[int, Decimal]]:
    rows = world.sql("SELECT segments, cost_minor FROM ledger.message WHERE state = 'accepted'")
    return [(row["segments"], row["cost_minor"]) for row in rows]


@pytest.mark.parametrize("price", ["0.045", None])
def test_a_text_costs_what_the_shop_file_says(world: World, gateway: FakeAliyun, price: str | None) -> None:
    shop, given = priced(world, gateway, price)
    world.add(2)
    sending.send(given, REALM, shop, world.clock(AT))
    assert costs(world) == [(1, Decimal("4.5") if price else None)] * 2


def test_a_text_that_was_found_by_asking_has_its_cost_as_well(world: World, gateway: FakeAliyun) -> None:
    shop, given = priced(world, gateway, "0.045")
    world.add(1)
    gateway.script = ["drop"]
    sending.send(given, REALM, shop, world.clock(AT))
    assert list(world.states()) == ["unknown: ConnectionError"]
    form = gateway.requests[0]["form"]
    booked = {"OutId": form["OutId"], "PhoneNum": json.loads(form["PhoneNumberJson"])[0], "Content": "好" * 71}
    days = {real_now().astimezone(CHINA).strftime("%Y%m%d"), real_now().astimezone(UTC).strftime("%Y%m%d")}
    gateway.details = [{**booked, "day": day} for day in days]
    assert sending.settle(given, REALM, shop, world.clock(AT), force=True) == {"accepted": 1}
    assert costs(world) == [(2, Decimal(9))]


def priced(world: World, gateway: FakeAliyun, price: str | None) -> tuple[Shop, Services]:
    """The shop with that price in its file, and its provider."""
    extra = {"url": gateway.url, "sandbox": True}
    connection = ConnectionInfo("sandbox_sms", login="id", password="secret", extra=extra)
    assert world.shop.sms is not None
    sms = world.shop.sms.model_copy(update={"segment_price": Decimal(price) if price else None})
    shop = world.shop.model_copy(update={"sms": sms, "email": None})
    return shop, services(world, sandbox_sms=connection)
