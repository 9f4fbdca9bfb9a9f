"""Aliyun: the signature, what a batch holds, what each code means, and asking what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.channels.fakes import FakeAliyun

from touchpoint.channels import aliyun_sms
from touchpoint.channels.acs3 import query_string, signed_headers
from touchpoint.channels.aliyun_sms import AliyunSms
from touchpoint.clock import real_now
from touchpoint.model import Outgoing, SendState, UnresolvedAttempt
from touchpoint.settings import ConnectionInfo


def test_the_signature_is_the_one_the_vendor_s_own_client_makes() -> None:
    query = query_string(
        {
            "PhoneNumbers": "13900000000",
            "SignName": "测试店铺",
            "TemplateCode": "SMS_0001",
            "TemplateParam": '{"name":"小明"}',
            "OutId": "att-0001",
        }
    )
    headers = signed_headers(
        key_id="testid",
        secret="testsecret",
        host="dysmsapi.aliyuncs.com",
        action="SendSms",
        version="2017-05-25",
        nonce="0123456789abcdef0123456789abcdef",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        query=query,
    )
    assert query.startswith("OutId=att-0001&PhoneNumbers=13900000000&SignName=%E6%B5%8B%E8%AF%95%E5%BA%97%E9%93%BA&")
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=608c91369edfacb689a39d44e9b9c75b570cc9195fe3232addaee04358c7f01c"
    )


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAliyun]:
    monkeypatch.setattr(aliyun_sms, "TIMEOUT", (0.5, 0.5))
    made = FakeAliyun()
    yield made
    made.close()


@pytest.fixture
def channel(fake: FakeAliyun) -> Iterator[AliyunSms]:
    extra = {"url": fake.url, "sandbox": True}
    connection = ConnectionInfo("s", login="testid", password="testsecret", extra=extra)
    opened = AliyunSms(connection, signature="青禾", segment_cost=Decimal("4.5"))
    yield opened
    opened.close()


def message(number: int = 1, text: str = "【青禾】好", address: str = "") -> Outgoing:
    given = address or f"+8613900000{number:03}"
    return Outgoing(f"attempt-{number}", number, given, f"hash-{number}", "SMS_1", {"name": "小明"}, text)


def test_a_batch_is_three_arrays_in_a_form_with_our_group_id(fake: FakeAliyun, channel: AliyunSms) -> None:
    channel.send("group-1", [message(1), message(2, address="+85260000000")])
    [request] = fake.requests
    assert request["form"] == {
        "OutId": "group-1",
        "PhoneNumberJson": '["13900000001","85260000000"]',
        "SignNameJson": '["青禾","青禾"]',
        "TemplateCode": "SMS_1",
        "TemplateParamJson": '[{"name":"小明"},{"name":"小明"}]',
    }
    assert "SignedHeaders=content-type;host;" in request["headers"]["Authorization"]
    assert request["query"] == {}


def test_a_text_costs_its_mainland_segments(channel: AliyunSms) -> None:
    results = channel.send("g", [message(1, "a" * 70), message(2, "a" * 71), message(3, "a" * 135)])
    assert [(r.segments, r.cost_minor) for r in results] == [
        (1, Decimal("4.5")),
        (2, 9),
        (3, Decimal("13.5")),
    ]


def test_the_nonce_comes_from_the_group_so_that_a_repeat_is_refused(fake: FakeAliyun, channel: AliyunSms) -> None:
    for group in ("group-1", "group-1", "group-2"):
        channel.send(group, [message()])
    nonces = [request["headers"]["x-acs-signature-nonce"] for request in fake.requests]
    assert nonces[0] == nonces[1] != nonces[2]


CODES = [
    ("isv.MOBILE_NUMBER_ILLEGAL", SendState.REJECTED),
    ("isv.BLACK_KEY_CONTROL_LIMIT", SendState.REJECTED),
    ("isv.PARAM_LENGTH_LIMIT", SendState.REJECTED),
    ("isv.BUSINESS_LIMIT_CONTROL", SendState.RETRYABLE),  # too many to this number today
    ("isp.SYSTEM_ERROR", SendState.RETRYABLE),
    ("isp.GATEWAY_ERROR", SendState.RETRYABLE),
    ("Throttling.User", SendState.RETRYABLE),
    ("isv.AMOUNT_NOT_ENOUGH", SendState.PAUSED),
    ("isv.DAY_LIMIT_CONTROL", SendState.PAUSED),
    ("isv.SMS_SIGNATURE_ILLEGAL", SendState.PAUSED),  # the shop file is wrong, not the recipient
    ("isp.RAM_PERMISSION_DENY", SendState.PAUSED),
    ("isv.SOMETHING_NEW", SendState.PAUSED),
    ("SignatureNonceUsed", SendState.UNKNOWN),  # an earlier request with it reached the gateway
]


@pytest.mark.parametrize(("code", "state"), CODES, ids=[code for code, _ in CODES])
def test_each_code_has_one_meaning(fake: FakeAliyun, channel: AliyunSms, code: str, state: SendState) -> None:
    fake.script = [(400 if code.startswith(("Sig", "Thr")) else 200, {"Code": code, "Message": "no"})]
    [result] = channel.send("g", [message()])
    assert (result.state, result.error_code) == (state, code)


@pytest.mark.parametrize(
    "step",
    [(500, b"<html>"), (503, b""), (500, {"Code": "OK"}), (200, b"<html>"), (200, []), (302, b""), (413, b"too large")],
    ids=str,
)
def test_an_answer_that_says_neither_yes_nor_no_is_unknown(fake: FakeAliyun, channel: AliyunSms, step: object) -> None:
    fake.script = [step]
    assert [r.state for r in channel.send("g", [message(1), message(2)])] == [SendState.UNKNOWN] * 2


def test_a_refused_batch_is_taken_apart_and_nobody_is_in_two_accepted_calls(
    fake: FakeAliyun, channel: AliyunSms
) -> None:
    accepted: list[str] = []

    def refuse(phones: list[str]) -> str | None:
        if "13900000037" in phones or "13900000099" in phones:
            return "isv.MOBILE_NUMBER_ILLEGAL"
        accepted.extend(phones)
        return None

    fake.refuse = refuse
    results = channel.send("group-1", [message(n) for n in range(100)])
    assert [n for n, r in enumerate(results) if r.state == SendState.REJECTED] == [37, 99]
    assert sorted(accepted) == sorted({f"13900000{n:03}" for n in range(100)} - {"13900000037", "13900000099"})
    assert {request["form"]["OutId"] for request in fake.requests} == {"group-1"}
    nonces = [request["headers"]["x-acs-signature-nonce"] for request in fake.requests]
    assert len(set(nonces)) == len(nonces)


def test_out_of_time_a_refused_batch_waits(
    fake: FakeAliyun, channel: AliyunSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.refuse = lambda phones: "isv.MOBILE_NUMBER_ILLEGAL"
    ticks = iter([0.0, 1.0, 61.0, 61.0])
    monkeypatch.setattr(aliyun_sms, "stopwatch", lambda: next(ticks))
    results = channel.send("g", [message(1), message(2)])
    assert [r.state for r in results] == [SendState.RETRYABLE] * 2
    assert len(fake.requests) == 1


def attempt(number: int = 1, on: date | None = None) -> UnresolvedAttempt:
    return UnresolvedAttempt(f"attempt-{number}", "group-1", f"+8613900000{number:03}", "h", on or real_now().date())


def detail(number: int, day: date, out_id: str = "group-1") -> dict[str, str]:
    return {"PhoneNum": f"13900000{number:03}", "OutId": out_id, "day": day.strftime("%Y%m%d"), "SendStatus": "3"}


YESTERDAY = date.fromordinal(real_now().date().toordinal() - 1)


def test_an_attempt_is_found_by_phone_day_and_our_group_id(fake: FakeAliyun, channel: AliyunSms) -> None:
    fake.details = [detail(1, YESTERDAY), detail(2, YESTERDAY, out_id="another")]
    found = channel.query([attempt(1, YESTERDAY), attempt(2, YESTERDAY), attempt(3, YESTERDAY)])
    assert {key: value and value.state for key, value in found.items()} == {
        "attempt-1": SendState.ACCEPTED,
        "attempt-2": None,
        "attempt-3": None,
    }


def test_a_message_booked_on_the_next_day_is_found_too(fake: FakeAliyun, channel: AliyunSms) -> None:
    before = date.fromordinal(YESTERDAY.toordinal() - 1)
    fake.details = [detail(1, YESTERDAY)]
    assert channel.query([attempt(1, before)])["attempt-1"] is not None


def test_every_page_is_looked_through(fake: FakeAliyun, channel: AliyunSms) -> None:
    fake.details = [detail(1, YESTERDAY, out_id=f"other-{n}") for n in range(120)] + [detail(1, YESTERDAY)]
    assert channel.query([attempt(1, YESTERDAY)])["attempt-1"] is not None
    assert [request["query"]["CurrentPage"] for request in fake.requests] == ["1", "2", "3"]


@pytest.mark.parametrize("step", ["drop", (500, b""), (200, {"Code": "isv.SYSTEM"}), (200, {"Code": "OK"})], ids=str)
def test_a_query_without_an_answer_says_nothing(fake: FakeAliyun, channel: AliyunSms, step: object) -> None:
    fake.script = [step]
    assert channel.query([attempt(1, YESTERDAY)]) == {}


def test_long_texts_are_json_without_escapes(fake: FakeAliyun, channel: AliyunSms) -> None:
    channel.send("g", [message()])
    assert json.loads(fake.requests[0]["form"]["TemplateParamJson"]) == [{"name": "小明"}]
