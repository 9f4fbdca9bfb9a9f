"""The sandbox's own signature code against vectors computed elsewhere."""

from __future__ import annotations

import hashlib

import pytest

from touchpoint.sandbox.platform.signature import signature as platform_signature
from touchpoint.sandbox.sms.signature import canonical_request, parse_authorization
from touchpoint.sandbox.sms.signature import signature as sms_signature

TRADES = {
    "app_key": "12345678",
    "start_modified": "2026-11-21 07:30:00",
    "end_modified": "2026-11-21 08:00:00",
    "fields": "tid,status,modified",
    "format": "json",
    "method": "taobao.trades.sold.increment.get",
    "page_no": "1",
    "page_size": "50",
    "session": "6100test",
    "timestamp": "2026-11-21 08:00:00",
    "use_has_next": "true",
    "v": "2.0",
}
DOC_SAMPLE = {
    "method": "taobao.item.seller.get",
    "app_key": "12345678",
    "session": "test",
    "timestamp": "2016-01-01 12:00:00",
    "format": "json",
    "v": "2.0",
    "sign_method": "md5",
    "fields": "num_iid,title,nick,price,num",
    "num_iid": "11223344",
}


@pytest.mark.parametrize(
    ("method", "more", "expected"),
    [
        ("md5", {}, "D2199E42EB95E26F4316E95569A2DFA1"),
        ("hmac", {}, "97B0FA40411A13A50574E9E203E5A9BF"),
        ("hmac-sha256", {}, "6895C59BB705B9AF29FBE09AAAF1A51F07E8F3D7C9496DB5C6848A6A0F334B4F"),
        ("md5", {"buyer_nick": "小明"}, "1DC812B90D6589F930BC06488B393F56"),  # UTF-8, not URL-encoded
        ("md5", {"empty": "", "sign": "whatever"}, "D2199E42EB95E26F4316E95569A2DFA1"),  # neither takes part
    ],
)
def test_the_platforms_signature_is_the_one_of_the_vector(method: str, more: dict[str, str], expected: str) -> None:
    assert platform_signature({**TRADES, "sign_method": method, **more}, "helloworld", method) == expected


def test_the_platforms_signature_is_the_one_of_its_documentation() -> None:
    assert platform_signature(DOC_SAMPLE, "helloworld", "md5") == "66987CB115214E59E6EC978214934FB8"


def test_the_sms_gateways_signature_is_the_one_of_the_vector() -> None:
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": "dysmsapi.aliyuncs.com",
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": empty,
        "x-acs-date": "2026-11-21T00:00:00Z",
        "x-acs-signature-nonce": "0123456789abcdef0123456789abcdef",
        "x-acs-version": "2017-05-25",
    }
    query = (
        "OutId=att-0001&PhoneNumbers=13900000000&SignName=%E6%B5%8B%E8%AF%95%E5%BA%97%E9%93%BA&TemplateCode=SMS_0001"
        "&TemplateParam=%7B%22name%22%3A%22%E5%B0%8F%E6%98%8E%22%7D"
    )
    canonical = canonical_request("POST", "/", query, headers, tuple(sorted(headers)), empty)
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    assert hashed == "62b10506a882f9577839224fb9bb2dd36451c21f5d0996c35e7fde5e91bba0ee"
    assert sms_signature(canonical, "testsecret") == "608c91369edfacb689a39d44e9b9c75b570cc9195fe3232addaee04358c7f01c"


def test_an_authorization_header_written_otherwise_is_not_read() -> None:
    good = f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;x-acs-date,Signature={'0' * 64}"
    claim = parse_authorization(good)
    assert claim is not None
    assert claim.signed_headers == ("host", "x-acs-date")
    assert parse_authorization(good.replace(",S", ", S")) is None
    assert parse_authorization("Bearer abc") is None
