"""The platform's signature, against the vectors of the protocol's pages."""

from __future__ import annotations

import pytest

from touchpoint.sources.taobao.signing import sign

SECRET = "helloworld"


def call(method: str) -> dict[str, str]:
    return {
        "app_key": "12345678",
        "end_modified": "2026-11-21 08:00:00",
        "fields": "tid,status,modified",
        "format": "json",
        "method": "taobao.trades.sold.increment.get",
        "page_no": "1",
        "page_size": "50",
        "session": "6100test",
        "sign_method": method,
        "start_modified": "2026-11-21 07:30:00",
        "timestamp": "2026-11-21 08:00:00",
        "use_has_next": "true",
        "v": "2.0",
    }


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("md5", "D2199E42EB95E26F4316E95569A2DFA1"),
        ("hmac", "97B0FA40411A13A50574E9E203E5A9BF"),
        ("hmac-sha256", "6895C59BB705B9AF29FBE09AAAF1A51F07E8F3D7C9496DB5C6848A6A0F334B4F"),
    ],
)
def test_each_method_gives_the_vector_of_the_protocol(method, expected):
    assert sign(call(method), SECRET, method) == expected


def test_text_is_hashed_as_utf8():
    assert sign({**call("md5"), "buyer_nick": "小明"}, SECRET, "md5") == "1DC812B90D6589F930BC06488B393F56"


def test_the_sample_of_the_platforms_own_page_comes_out():
    sample = {
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
    assert sign(sample, SECRET, "md5") == "66987CB115214E59E6EC978214934FB8"


def test_order_empty_values_and_an_earlier_sign_do_not_matter():
    given = call("md5")
    shuffled = {name: given[name] for name in sorted(given, reverse=True)}
    assert sign({**shuffled, "status": "", "sign": "X"}, SECRET, "md5") == sign(given, SECRET, "md5")


def test_another_value_or_secret_gives_another_signature():
    given = sign(call("hmac-sha256"), SECRET, "hmac-sha256")
    assert sign({**call("hmac-sha256"), "page_no": "2"}, SECRET, "hmac-sha256") != given
    assert sign(call("hmac-sha256"), "other", "hmac-sha256") != given
