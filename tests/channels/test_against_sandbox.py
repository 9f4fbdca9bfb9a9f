"""Both channels against the sandbox: its other side of each protocol, with signature code of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from tests.faults.world import shop
from tests.sandbox_process import Sandbox

from touchpoint import channels
from touchpoint.channels import aliyun_sms, smtp
from touchpoint.clock import real_now
from touchpoint.model import Channel, Outgoing, SendState, UnresolvedAttempt
from touchpoint.render.messages import provider_templates
from touchpoint.settings import ConnectionInfo, environment_connection

CODE = "SMS_900000101"


@pytest.fixture
def resolve(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(aliyun_sms, "TIMEOUT", (1.0, 1.0))
    monkeypatch.setattr(smtp, "TIMEOUT", 1.0)
    monkeypatch.setattr(smtp, "FINAL_TIMEOUT", 1.0)
    for name, value in sandbox.connections().items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", value)
    sandbox.control("POST", "/control/sms/templates", {**provider_templates(shop()), CODE: "您好${name}，订单在等您"})
    return environment_connection


@pytest.fixture
def sms(resolve: Any) -> Iterator[Any]:
    channel = channels.open_channel(Channel.SMS, shop(), resolve, "rehearsal")
    yield channel
    channel.close()


@pytest.fixture
def email(resolve: Any) -> Iterator[Any]:
    channel = channels.open_channel(Channel.EMAIL, shop(), resolve, "rehearsal")
    yield channel
    channel.close()


def text(number: int) -> Outgoing:
    return Outgoing(
        uuid4().hex, number, f"+86190{number:08}", f"hash-{number}", CODE, {"name": f"晓雯{number}"}, "【青禾小铺】您好"
    )


def mail(number: int) -> Outgoing:
    address = f"buyer{number}@sandbox.invalid"
    return Outgoing(
        uuid4().hex, number, address, f"hash-{number}", text="您好\n", html="<p>您好</p>", subject=f"订单{number}"
    )


def asked(message: Outgoing, group_id: str) -> UnresolvedAttempt:
    return UnresolvedAttempt(message.attempt_id, group_id, message.address, message.address_hash, real_now().date())


def test_a_signed_batch_is_accepted_as_it_was_rendered(sandbox: Sandbox, sms: Any) -> None:
    group, messages = uuid4().hex, [text(n) for n in range(100)]
    results = sms.send(group, messages)
    assert {result.state for result in results} == {SendState.ACCEPTED}
    received = [entry for entry in sandbox.sms_log() if entry["out_id"] == group]
    assert [entry["phone"] for entry in received] == [m.address.removeprefix("+86") for m in messages]
    assert received[7]["content"] == "【青禾小铺】您好晓雯7，订单在等您"


def test_a_wrong_secret_stops_the_channel(resolve: Any) -> None:
    def wrong(conn_id: str) -> ConnectionInfo:
        return replace(resolve(conn_id), password="another")

    channel = channels.open_channel(Channel.SMS, shop(), wrong, "rehearsal")
    [result] = channel.send(uuid4().hex, [text(1)])
    channel.close()
    assert (result.state, result.error_code) == (SendState.PAUSED, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "fault", [{"accept_then_timeout": 5}, {"error500_after_accept": True}, {"reset_after_accept": True}]
)
def test_what_was_taken_without_an_answer_is_unknown_and_found_by_asking(
    sandbox: Sandbox, sms: Any, fault: dict[str, Any]
) -> None:
    [(name, value)] = fault.items()
    given = {"value": value, "count": 1} if value is not True else {"count": 1}
    sandbox.control("POST", "/control/faults", {"sms": {name: given}})
    group, messages = uuid4().hex, [text(n) for n in range(200, 203)]
    assert {r.state for r in sms.send(group, messages)} == {SendState.UNKNOWN}
    found = sms.query([asked(m, group) for m in messages])
    assert [found[m.attempt_id].state for m in messages] == [SendState.ACCEPTED] * 3


def test_what_was_not_taken_is_unknown_and_absent(sandbox: Sandbox, sms: Any) -> None:
    sandbox.control("POST", "/control/faults", {"sms": {"down": {"count": 1}}})
    group, message = uuid4().hex, text(300)
    assert [r.state for r in sms.send(group, [message])] == [SendState.UNKNOWN]
    assert sms.query([asked(message, group)]) == {message.attempt_id: None}


def test_the_same_group_sent_again_is_refused_by_its_nonce(sandbox: Sandbox, sms: Any) -> None:
    group, message = uuid4().hex, text(400)
    sms.send(group, [message])
    [again] = sms.send(group, [message])
    assert (again.state, again.error_code) == (SendState.UNKNOWN, "SignatureNonceUsed")
    assert len([entry for entry in sandbox.sms_log() if entry["out_id"] == group]) == 1


def test_a_refusal_names_its_code(sandbox: Sandbox, sms: Any) -> None:
    sandbox.control("POST", "/control/faults", {"sms": {"error_code": {"value": "isv.AMOUNT_NOT_ENOUGH", "count": 1}}})
    [result] = sms.send(uuid4().hex, [text(500)])
    assert (result.state, result.error_code) == (SendState.PAUSED, "isv.AMOUNT_NOT_ENOUGH")


def test_a_mail_arrives_as_it_was_written(sandbox: Sandbox, email: Any) -> None:
    message = mail(1)
    [result] = email.send("g", [message])
    assert result.state == SendState.ACCEPTED
    [entry] = [e for e in sandbox.mail_log() if e["message_id"] == f"<{message.attempt_id}@stall.example>"]
    assert (entry["to"], entry["subject"]) == ([message.address], "订单1")
    assert (entry["text"].strip(), entry["html"].strip()) == ("您好", "<p>您好</p>")
    assert entry["from"] == f"bounce+{message.attempt_id}@stall.example"


def test_a_mail_dropped_after_its_final_dot_is_unknown_and_the_next_goes(sandbox: Sandbox, email: Any) -> None:
    sandbox.control("POST", "/control/faults", {"smtp": {"drop_after_dot": {"count": 1}}})
    assert [r.state for r in email.send("g", [mail(2), mail(3)])] == [SendState.UNKNOWN, SendState.ACCEPTED]


def test_refused_mailboxes_are_told_apart(sandbox: Sandbox, email: Any) -> None:
    faults = {"reject_4xx": {"value": "buyer4@*"}, "reject_5xx": {"value": "buyer5@*"}}
    sandbox.control("POST", "/control/faults", {"smtp": faults})
    states = [r.state for r in email.send("g", [mail(4), mail(5), mail(6)])]
    assert states == [SendState.RETRYABLE, SendState.REJECTED, SendState.ACCEPTED]
