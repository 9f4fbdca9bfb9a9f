"""What every channel promises, held against each of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pytest
from tests.channels.fakes import FakeAliyun, FakeSmtp, free_port
from tests.faults.world import shop

from touchpoint import channels
from touchpoint.channels import aliyun_sms, smtp
from touchpoint.channels.base import Channel
from touchpoint.errors import ChannelError
from touchpoint.model import Channel as Kind
from touchpoint.model import Outgoing, SendResult, SendState
from touchpoint.settings import ConnectionInfo

OK, NO, LATER, MAYBE = SendState.ACCEPTED, SendState.REJECTED, SendState.RETRYABLE, SendState.UNKNOWN


class Provider(Protocol):
    connections: int

    def close(self) -> None: ...


@dataclass
class Harness:
    """A channel, its scripted provider, and how that provider is brought to misbehave."""

    kind: Kind
    fake: Any
    connection: ConnectionInfo

    def open(self, realm: str = "live", **changes: Any) -> Channel:
        return channels.open_channel(self.kind, shop(), lambda _: replace(self.connection, **changes), realm)

    def outgoing(self, count: int) -> list[Outgoing]:
        sms = self.kind == Kind.SMS
        return [
            Outgoing(
                attempt_id=f"attempt-{n}",
                message_id=n,
                address=f"+8619000000{n:03}" if sms else f"buyer{n}@sandbox.invalid",
                address_hash=f"hash-{n}",
                template_code="SMS_1" if sms else "",
                params={"name": f"晓雯{n}"} if sms else {},
                text=f"晓雯{n}，您的订单还在等您。",
                html="" if sms else f"<p>晓雯{n}</p>",
                subject="" if sms else "您的订单还在等您",
            )
            for n in range(count)
        ]

    def received(self) -> int:
        if self.kind == Kind.EMAIL:
            return len(self.fake.mails)
        return sum(r["action"] == "SendBatchSms" for r in self.fake.requests)

    def refuse(self, number: int) -> None:
        """Refuse one recipient for good."""
        if self.kind == Kind.EMAIL:
            self.fake.script["RCPT"] = ["250 ok"] * number + ["550 no such mailbox"]
        else:
            bad = f"19000000{number:03}"
            self.fake.refuse = lambda phones: "isv.MOBILE_NUMBER_ILLEGAL" if bad in phones else None

    def misbehave(self, how: str) -> None:
        """hang or drop, after having taken the message."""
        if self.kind == Kind.EMAIL:
            self.fake.script["DOT"] = [how]
        else:
            self.fake.script = [how]


def sms() -> Harness:
    fake = FakeAliyun()
    extra = {"url": fake.url, "sandbox": True}
    return Harness(Kind.SMS, fake, ConnectionInfo("sandbox_sms", login="testid", password="testsecret", extra=extra))


def email() -> Harness:
    fake = FakeSmtp()
    extra = {"sandbox": True, "starttls": False}
    return Harness(Kind.EMAIL, fake, ConnectionInfo("sandbox_smtp", host="127.0.0.1", port=fake.port, extra=extra))


@pytest.fixture(params=[sms, email], ids=["aliyun_sms", "smtp"])
def harness(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    monkeypatch.setattr(aliyun_sms, "TIMEOUT", (0.5, 0.5))
    monkeypatch.setattr(smtp, "TIMEOUT", 0.5)
    monkeypatch.setattr(smtp, "FINAL_TIMEOUT", 0.5)
    made = request.param()
    yield made
    made.fake.close()


@pytest.fixture
def channel(harness: Harness) -> Iterator[Channel]:
    opened = harness.open()
    yield opened
    opened.close()


def states(results: list[SendResult]) -> list[SendState]:
    return [result.state for result in results]


def test_a_group_is_accepted_with_one_result_a_message_in_order(harness: Harness, channel: Channel) -> None:
    messages = harness.outgoing(5)
    results = channel.send("group-1", messages)
    assert [result.attempt_id for result in results] == [message.attempt_id for message in messages]
    assert states(results) == [OK] * 5
    assert all(result.provider_ref for result in results)


def test_the_connection_is_kept_open(harness: Harness, channel: Channel) -> None:
    for group in ("group-1", "group-2", "group-3"):
        channel.send(group, harness.outgoing(2))
    assert harness.fake.connections == 1


def test_one_refused_recipient_does_not_hold_the_others(harness: Harness, channel: Channel) -> None:
    harness.refuse(3)
    results = channel.send("group-1", harness.outgoing(5))
    assert states(results) == [OK, OK, OK, NO, OK]
    assert results[3].error_code


def test_a_provider_that_is_not_there_was_surely_sent_nothing(harness: Harness) -> None:
    gone = free_port()
    extra = {**harness.connection.extra, "url": f"http://127.0.0.1:{gone}/"}
    channel = harness.open(port=gone, extra=extra)
    results = channel.send("group-1", harness.outgoing(3))
    channel.close()
    assert states(results) == [LATER] * 3


@pytest.mark.parametrize("how", ["hang", "drop"])
def test_taken_but_not_answered_is_unknown(harness: Harness, channel: Channel, how: str) -> None:
    harness.misbehave(how)
    [result] = channel.send("group-1", harness.outgoing(1))
    assert result.state == MAYBE
    assert harness.received() == 1


def test_after_an_unanswered_call_the_channel_goes_on_with_a_new_connection(harness: Harness, channel: Channel) -> None:
    harness.misbehave("drop")
    channel.send("group-1", harness.outgoing(1))
    assert states(channel.send("group-2", harness.outgoing(2))) == [OK, OK]


def test_a_connection_that_died_between_two_groups_costs_nothing(harness: Harness, channel: Channel) -> None:
    channel.send("group-1", harness.outgoing(1))
    if harness.kind == Kind.EMAIL:
        harness.fake.script["RSET"] = ["drop"]
        assert states(channel.send("group-2", harness.outgoing(2))) == [OK, OK]


def test_more_than_a_group_or_an_address_twice_is_refused_before_anything_is_sent(
    harness: Harness, channel: Channel
) -> None:
    with pytest.raises(ChannelError, match="send at most"):
        channel.send("group-1", harness.outgoing(channel.group_size + 1))
    [message] = harness.outgoing(1)
    with pytest.raises(ChannelError, match="each to another address"):
        channel.send("group-1", [message, replace(message, attempt_id="other")])
    assert harness.received() == 0


def test_no_address_name_or_secret_is_ever_logged(
    harness: Harness, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel.send("group-1", harness.outgoing(3))
    harness.refuse(1)
    channel.send("group-2", harness.outgoing(3))
    harness.misbehave("drop")
    results = channel.send("group-3", harness.outgoing(1))
    told = caplog.text + repr(results)
    for secret in ("19000000", "buyer", "晓雯", "testsecret"):
        assert secret not in told


def test_any_realm_but_live_gets_a_sandbox_or_nothing(harness: Harness) -> None:
    harness.open("replay").close()
    for sandbox in (False, "true"):
        with pytest.raises(ChannelError, match="it is no sandbox"):
            harness.open("replay", extra={**harness.connection.extra, "sandbox": sandbox})
    with pytest.raises(ChannelError, match="no addresses are listed"):
        harness.open("test")
    harness.open("live", extra={**harness.connection.extra, "sandbox": False}).close()


def test_a_shop_without_the_channel_says_so(harness: Harness) -> None:
    bare = shop(sms=None, email=None)
    with pytest.raises(ChannelError, match=f"no {harness.kind.value} channel"):
        channels.open_channel(harness.kind, bare, lambda _: harness.connection, "live")


def test_closing_twice_does_no_harm(harness: Harness, channel: Channel) -> None:
    channel.send("group-1", harness.outgoing(1))
    channel.close()
    channel.close()


def test_a_send_is_shorter_than_the_lease_on_what_it_sends(channel: Channel) -> None:
    from touchpoint.outbox.leases import lease_of

    assert channel.longest_send < lease_of(channel)
