"""SMTP: what goes over the wire, and what each answer means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from tests.channels.fakes import FakeSmtp

from touchpoint.channels import smtp
from touchpoint.channels.smtp import Smtp
from touchpoint.model import Outgoing, SendState
from touchpoint.settings import ConnectionInfo, EmailConfig


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSmtp]:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.5)
    monkeypatch.setattr(smtp, "FINAL_TIMEOUT", 0.5)
    made = FakeSmtp()
    yield made
    made.close()


@pytest.fixture
def channel(fake: FakeSmtp) -> Iterator[Smtp]:
    opened = open_smtp(fake)
    yield opened
    opened.close()


def open_smtp(fake: FakeSmtp, **extra: object) -> Smtp:
    connection = ConnectionInfo("s", host="127.0.0.1", port=fake.port, extra={"starttls": False, **extra})
    settings = EmailConfig(
        provider="smtp",
        connection="s",
        sender="service@stall.example",
        sender_name="青禾小铺",
        reply_to="help@stall.example",
    )
    return Smtp(connection, settings)


def message(number: int = 1) -> Outgoing:
    return Outgoing(
        f"attempt{number}",
        number,
        f"buyer{number}@sandbox.invalid",
        f"hash-{number}",
        text="小明，您的订单还在等您。\n.\n..两点\n",
        html="<p>小明</p>",
        subject="您的订单还在等您",
    )


def test_the_mail_carries_what_it_must_and_comes_out_as_it_went_in(fake: FakeSmtp, channel: Smtp) -> None:
    channel.send("g", [message()])
    [mail] = fake.mails
    assert mail["from"] == "bounce+attempt1@stall.example"
    assert mail["to"] == "buyer1@sandbox.invalid"
    assert mail["content"].isascii()
    parsed = message_from_bytes(mail["content"].replace(b"\r\n..", b"\r\n."), policy=default)
    assert parsed["Message-ID"] == "<attempt1@stall.example>"
    assert parsed["From"] == "青禾小铺 <service@stall.example>"
    assert parsed["To"] == "buyer1@sandbox.invalid"
    assert parsed["Reply-To"] == "help@stall.example"
    assert parsed["Subject"] == "您的订单还在等您"
    assert parsed["MIME-Version"] == "1.0"
    assert parsed["Date"]
    assert parsed.get_content_type() == "multipart/alternative"
    plain, html = parsed.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().replace("\r\n", "\n") == "小明，您的订单还在等您。\n.\n..两点\n"
    assert html.get_content().strip() == "<p>小明</p>"


INJECTIONS = {
    "subject": {"subject": "您好\r\nBcc: other@sandbox.invalid"},
    "subject, line feed": {"subject": "您好\nBcc: other@sandbox.invalid"},
    "address": {"address": "buyer@sandbox.invalid\r\nBcc: other@sandbox.invalid"},
    "address, two": {"address": "buyer@sandbox.invalid, other@sandbox.invalid"},
    "own header": {"headers": {"List-Id": "x\r\nBcc: other@sandbox.invalid"}},
    "header name": {"headers": {"X\r\nBcc": "other@sandbox.invalid"}},
}


def test_the_answer_to_the_final_dot_is_waited_for_longer_than_any_other(
    fake: FakeSmtp, channel: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "FINAL_TIMEOUT", 20.0)
    fake.script = {"DOT": ["late"], "RCPT": ["250 ok", "late"]}
    results = channel.send("g", [message(1), message(2)])
    assert [result.state for result in results] == [SendState.ACCEPTED, SendState.RETRYABLE]


def test_what_is_waited_for_is_what_rfc_5321_asks() -> None:
    assert smtp.FINAL_TIMEOUT >= 600
    assert Smtp.longest_send.total_seconds() >= smtp.FINAL_TIMEOUT + smtp.SEND_BUDGET


@pytest.mark.parametrize("change", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_a_header_cannot_be_smuggled_in(fake: FakeSmtp, channel: Smtp, change: dict[str, object]) -> None:
    results = channel.send("g", [replace(message(1), **change), message(2)])  # type: ignore[arg-type]
    assert [r.state for r in results] == [SendState.REJECTED, SendState.ACCEPTED]
    assert b"Bcc" not in fake.mails[0]["content"]
    assert [mail["to"] for mail in fake.mails] == ["buyer2@sandbox.invalid"]


ANSWERS = [
    # verb, answer, state, what happens to the next message of the group
    ("MAIL", "451 later", SendState.RETRYABLE, SendState.ACCEPTED),
    ("MAIL", "550 who are you", SendState.PAUSED, SendState.PAUSED),  # our sender is refused, not this recipient
    ("RCPT", "450 busy", SendState.RETRYABLE, SendState.ACCEPTED),
    ("RCPT", "421 closing", SendState.RETRYABLE, SendState.ACCEPTED),
    ("RCPT", "550 no such mailbox", SendState.REJECTED, SendState.ACCEPTED),
    ("RCPT", "drop", SendState.RETRYABLE, SendState.ACCEPTED),
    ("RCPT", "hang", SendState.RETRYABLE, SendState.ACCEPTED),
    ("DATA", "451 later", SendState.RETRYABLE, SendState.ACCEPTED),
    ("DATA", "554 no", SendState.REJECTED, SendState.ACCEPTED),
    ("DATA", "drop", SendState.UNKNOWN, SendState.ACCEPTED),
    ("DOT", "451 try again", SendState.RETRYABLE, SendState.ACCEPTED),
    ("DOT", "554 spam", SendState.REJECTED, SendState.ACCEPTED),
    ("DOT", "drop", SendState.UNKNOWN, SendState.ACCEPTED),
    ("DOT", "hang", SendState.UNKNOWN, SendState.ACCEPTED),
    ("CONNECT", "554 go away", SendState.RETRYABLE, SendState.RETRYABLE),
]


@pytest.mark.parametrize(("verb", "reply", "first", "second"), ANSWERS, ids=[f"{v} {r}" for v, r, _, _ in ANSWERS])
def test_each_answer_has_one_meaning(
    fake: FakeSmtp, channel: Smtp, verb: str, reply: str, first: SendState, second: SendState
) -> None:
    fake.script[verb] = [reply]
    results = channel.send("g", [message(1), message(2)])
    assert [r.state for r in results] == [first, second]


def test_the_session_is_reset_between_two_groups_and_after_a_refusal(fake: FakeSmtp, channel: Smtp) -> None:
    fake.script["RCPT"] = ["250 ok", "550 no such mailbox"]
    channel.send("g", [message(1), message(2), message(3)])
    channel.send("h", [message(4)])
    mail = ["MAIL", "RCPT", "DATA"]
    assert fake.verbs == ["EHLO", *mail, "MAIL", "RCPT", "RSET", *mail, "RSET", *mail]


def test_out_of_time_the_rest_of_a_group_waits(fake: FakeSmtp, channel: Smtp, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 1.0, 61.0])
    monkeypatch.setattr(smtp, "stopwatch", lambda: next(ticks))
    results = channel.send("g", [message(1), message(2), message(3)])
    assert [r.state for r in results] == [SendState.ACCEPTED, SendState.RETRYABLE, SendState.RETRYABLE]
    assert len(fake.mails) == 1


def test_a_server_that_cannot_encrypt_gets_nothing_unless_told_so(fake: FakeSmtp) -> None:
    channel = open_smtp(fake, starttls=True)
    results = channel.send("g", [message(1), message(2)])
    channel.close()
    assert [r.state for r in results] == [SendState.RETRYABLE] * 2
    assert fake.mails == []


def test_it_cannot_be_asked() -> None:
    assert Smtp.can_query is False
