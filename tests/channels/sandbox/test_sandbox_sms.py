"""The SMS gateway over real sockets: what it refuses, what it writes down, what it tells afterwards, how it fails."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.sandbox_calls import batch, sms_call, top_time
from tests.sandbox_process import ANCHOR, Sandbox, start_sandbox

from touchpoint.clock import real_now

TEMPLATES = {"SMS_1": "亲爱的${name}，您的订单还未付款。"}


@pytest.fixture(autouse=True)
def _templates(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/control/sms/templates", TEMPLATES)


def send(sandbox: Sandbox, number: str = "19000009001", **more: Any) -> requests.Response:
    filling = json.dumps({"name": "{{7*7}}"})
    query = {"PhoneNumbers": number, "SignName": "模拟店铺", "TemplateCode": "SMS_1", "TemplateParam": filling}
    query |= {name: more.pop(name) for name in list(more) if name[0].isupper()}
    return sms_call(sandbox, "SendSms", query, **more)


def details(sandbox: Sandbox, number: str, **more: str) -> dict[str, Any]:
    day = top_time(real_now())[:10].replace("-", "")
    query = {"PhoneNumber": number, "SendDate": day, "PageSize": "50", "CurrentPage": "1", **more}
    return sms_call(sandbox, "QuerySendDetails", query).json()


def entries(sandbox: Sandbox, out_id: str) -> list[dict[str, Any]]:
    return [entry for entry in sandbox.sms_log() if entry["out_id"] == out_id]


def test_a_text_is_composed_logged_and_found_again_by_number_and_day(sandbox: Sandbox) -> None:
    answer = send(sandbox, "+8619000009002", OutId="attempt-1").json()
    assert answer["Code"] == "OK"
    (entry,) = entries(sandbox, "attempt-1")
    assert entry["phone"] == "19000009002"
    assert entry["content"] == "【模拟店铺】亲爱的{{7*7}}，您的订单还未付款。"
    assert entry["biz_id"] == answer["BizId"]
    told = details(sandbox, "19000009002")
    assert told["TotalCount"] == 1
    (detail,) = told["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
    assert (detail["OutId"], detail["Content"], detail["TemplateCode"]) == ("attempt-1", entry["content"], "SMS_1")
    assert details(sandbox, "19000009002", BizId="other")["TotalCount"] == 0


def test_a_batch_of_a_hundred_has_one_biz_id_and_one_out_id(sandbox: Sandbox) -> None:
    numbers = [f"190000100{place:02d}" for place in range(100)]
    answer = sms_call(sandbox, "SendBatchSms", form=batch(numbers, "batch-1")).json()
    assert answer["Code"] == "OK"
    found = entries(sandbox, "batch-1")
    assert [entry["phone"] for entry in found] == numbers
    assert {entry["biz_id"] for entry in found} == {answer["BizId"]}
    assert found[7]["content"] == "【模拟店铺】亲爱的客户07，您的订单还未付款。"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"PhoneNumberJson": json.dumps(["19000009009"] * 101)}, "isv.INVALID_PARAMETERS"),
        ({"PhoneNumberJson": json.dumps(["19000009009", "12345"])}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"TemplateCode": "SMS_2"}, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"TemplateParamJson": "[{}, {}]"}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"TemplateParamJson": "nonsense"}, "isv.INVALID_JSON_PARAM"),
        ({"SignNameJson": '["", ""]'}, "isv.SMS_SIGNATURE_ILLEGAL"),
    ],
)
def test_a_batch_with_anything_wrong_in_it_is_refused_whole(
    sandbox: Sandbox, change: dict[str, str], code: str
) -> None:
    form = {**batch(["19000009009", "19000009010"], f"refused {code}"), **change}
    response = sms_call(sandbox, "SendBatchSms", form=form)
    assert (response.status_code, response.json()["Code"]) == (200, code)
    assert entries(sandbox, f"refused {code}") == []


def test_more_than_a_hundred_numbers_are_refused(sandbox: Sandbox) -> None:
    response = sms_call(sandbox, "SendBatchSms", form=batch(["19000009009"] * 101))
    assert response.json()["Code"] == "isv.MOBILE_COUNT_OVER_LIMIT"


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"secret": "wrong"}, 400, "SignatureDoesNotMatch"),
        ({"key": "LTAIother"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"at": ANCHOR.replace(year=2020)}, 400, "InvalidTimeStamp.Expired"),
    ],
)
def test_a_call_signed_wrongly_is_refused_by_the_gateway(
    sandbox: Sandbox, more: dict[str, Any], status: int, code: str
) -> None:
    response = send(sandbox, OutId=f"refused {code}", **more)
    assert (response.status_code, response.json()["Code"]) == (status, code)
    assert entries(sandbox, f"refused {code}") == []


def test_a_changed_body_does_not_match_its_signature(sandbox: Sandbox) -> None:
    good = sms_call(sandbox, "SendBatchSms", form=batch(["19000009020"], "signed")).request
    forged = requests.post(good.url, b"OutId=other", headers=dict(good.headers), timeout=30)  # type: ignore[arg-type]
    assert forged.json()["Code"] == "SignatureDoesNotMatch"


def test_an_unknown_action_is_not_found(sandbox: Sandbox) -> None:
    assert sms_call(sandbox, "SendEverything").json()["Code"] == "InvalidAction.NotFound"


def test_a_nonce_is_good_for_one_call(sandbox: Sandbox) -> None:
    first = send(sandbox, "19000009030", OutId="nonce", nonce="a-nonce-of-mine")
    again = send(sandbox, "19000009030", OutId="nonce", nonce="a-nonce-of-mine")
    assert first.json()["Code"] == "OK"
    assert (again.status_code, again.json()["Code"]) == (400, "SignatureNonceUsed")
    assert len(entries(sandbox, "nonce")) == 1


@pytest.mark.parametrize(
    "fault", [{"accept_then_timeout": 30}, {"error500_after_accept": True}, {"reset_after_accept": True}]
)
def test_a_text_is_accepted_though_the_answer_never_comes(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    out_id = f"lost {min(fault)}"
    sandbox.control("POST", "/control/faults", {"sms": fault})
    try:
        outcome = send(sandbox, "19000009040", OutId=out_id, timeout=0.5).status_code
    except requests.RequestException as error:
        outcome = type(error).__name__  # type: ignore[assignment]
    assert outcome in (500, "ReadTimeout", "ConnectionError", "ChunkedEncodingError")
    assert len(entries(sandbox, out_id)) == 1


def test_the_answer_can_be_late_and_the_text_is_logged_by_then(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/control/faults", {"sms": {"latency_ms": 300}})
    response = send(sandbox, "19000009050", OutId="late")
    assert response.elapsed >= timedelta(milliseconds=300)
    (entry,) = entries(sandbox, "late")
    assert entry["accepted_at"] < (real_now() - timedelta(milliseconds=250)).isoformat()


def test_the_query_can_lag_behind(sandbox: Sandbox) -> None:
    send(sandbox, "19000009060")
    sandbox.control("POST", "/control/faults", {"sms": {"query_lag_s": 600}})
    assert details(sandbox, "19000009060")["TotalCount"] == 0
    sandbox.control("DELETE", "/control/faults")
    assert details(sandbox, "19000009060")["TotalCount"] == 1


def test_a_number_can_have_enough_for_the_day(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/control/faults", {"sms": {"business_limit": 1}})
    codes = [send(sandbox, "19000009070").json()["Code"] for _ in range(2)]
    assert codes == ["OK", "isv.BUSINESS_LIMIT_CONTROL"]


def test_any_code_can_be_asked_for_and_the_gateway_can_be_down(sandbox: Sandbox) -> None:
    fault = {"error_code": {"value": "isv.AMOUNT_NOT_ENOUGH", "count": 1}, "down": {"count": 1}}
    sandbox.control("POST", "/control/faults", {"sms": fault})
    assert send(sandbox, "19000009080", OutId="none").status_code == 503
    assert send(sandbox, "19000009080", OutId="none").json()["Code"] == "isv.AMOUNT_NOT_ENOUGH"
    assert entries(sandbox, "none") == []


def test_the_log_survives_a_kill_and_the_query_answers_from_it(tmp_path: Path) -> None:
    first = start_sandbox(tmp_path, seed=7, anchor=ANCHOR)
    try:
        first.control("POST", "/control/sms/templates", TEMPLATES)
        assert send(first, "19000009090", OutId="kept", nonce="kept-nonce").json()["Code"] == "OK"
    finally:
        first.kill()
    with (tmp_path / "sms_log.jsonl").open("ab") as log:
        log.write(b'{"seq": 2, "out_id": "torn by a ki')  # never answered for
    second = start_sandbox(tmp_path, port=first.port)
    try:
        assert [entry["out_id"] for entry in second.sms_log()] == ["kept"]
        assert details(second, "19000009090")["TotalCount"] == 1
        assert send(second, "19000009090", nonce="kept-nonce").json()["Code"] == "SignatureNonceUsed"
        assert send(second, "19000009090", OutId="later").json()["Code"] == "OK"
        assert [entry["seq"] for entry in second.sms_log()] == [1, 2]
        assert [entry["out_id"] for entry in second.sms_log(after=1)] == ["later"]
    finally:
        second.stop()
