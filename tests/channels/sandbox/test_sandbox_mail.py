"""The mailbox over real sockets: what it keeps and how it fails."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import Any

import pytest
from tests.sandbox_process import Sandbox


def mail(number: int, to: str = "buyer1@sandbox.invalid") -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<attempt-{number}@sandbox.invalid>"
    message["From"] = "shop@sandbox.invalid"
    message["To"] = to
    message["Subject"] = "您的订单还未付款"
    message.set_content("您好，{{7*7}}")
    message.add_alternative("<p>您好</p>", subtype="html")
    return message


def post(sandbox: Sandbox, message: EmailMessage, sender: str = "bounce+1@sandbox.invalid") -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as connection:
        connection.send_message(message, sender)


def kept(sandbox: Sandbox, number: int) -> list[dict[str, Any]]:
    return [entry for entry in sandbox.mail_log() if entry["message_id"] == f"<attempt-{number}@sandbox.invalid>"]


def test_a_mail_is_kept_with_its_id_and_both_its_parts(sandbox: Sandbox) -> None:
    post(sandbox, mail(1))
    (entry,) = kept(sandbox, 1)
    assert entry["to"] == ["buyer1@sandbox.invalid"]
    assert entry["from"] == "bounce+1@sandbox.invalid"
    assert entry["subject"] == "您的订单还未付款"
    assert entry["text"].strip() == "您好，{{7*7}}"
    assert entry["html"].strip() == "<p>您好</p>"
    assert ["To", "buyer1@sandbox.invalid"] in entry["headers"]


@pytest.mark.parametrize(("fault", "code"), [("reject_4xx", 451), ("reject_5xx", 550)])
def test_addresses_of_a_pattern_can_be_refused(sandbox: Sandbox, fault: str, code: int) -> None:
    sandbox.control("POST", "/control/faults", {"smtp": {fault: {"value": ["*2@sandbox.invalid"], "count": 1}}})
    post(sandbox, mail(code))
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        post(sandbox, mail(code, "buyer2@sandbox.invalid"))
    assert refused.value.recipients["buyer2@sandbox.invalid"][0] == code
    post(sandbox, mail(code, "buyer2@sandbox.invalid"))  # the count is used up
    assert len(kept(sandbox, code)) == 2


def test_a_mail_is_kept_though_the_connection_drops_after_the_final_dot(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/control/faults", {"smtp": {"drop_after_dot": {"count": 1}}})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        post(sandbox, mail(3))
    assert len(kept(sandbox, 3)) == 1
    post(sandbox, mail(4))
    assert len(kept(sandbox, 4)) == 1


def test_several_mails_go_over_one_connection(sandbox: Sandbox) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as connection:
        for number in (5, 6, 7):
            connection.send_message(mail(number))
    assert [len(kept(sandbox, number)) for number in (5, 6, 7)] == [1, 1, 1]
