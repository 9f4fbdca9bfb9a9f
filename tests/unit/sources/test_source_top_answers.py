"""Errors of the platform by class, and its two shapes of JSON."""

from __future__ import annotations

import pytest

from touchpoint.errors import SourceError, SourceRefused, SourceUnavailable
from touchpoint.sources.taobao.answers import CallRefusedError, error_of, listed, payload_of, refusal, throttled


@pytest.mark.parametrize(
    ("code", "sub_code", "kind"),
    [
        (26, "", SourceRefused),
        (27, "invalid-sessionkey", SourceRefused),
        (27, "session-expired", SourceRefused),
        (53, "", SourceRefused),
        (15, "isv.invalid-sessionkey", SourceRefused),
        (11, "isv.permission-api-package-limit", SourceRefused),
        (12, "", SourceRefused),
        (13, "", SourceRefused),
        (25, "", SourceRefused),
        (29, "", SourceRefused),
        (31, "", SourceRefused),
        (15, "isp.top-remote-connection-timeout", SourceUnavailable),
        (15, "isp.remote-service-error", SourceUnavailable),
        (15, "isp.system-busy", SourceUnavailable),
        (10, "", SourceUnavailable),
        (15, "isv.trade-not-exist", CallRefusedError),
        (41, "isv.invalid-parameter", CallRefusedError),
        (22, "", SourceError),
        (40, "", SourceError),
    ],
)
def test_an_error_has_its_class(code, sub_code, kind):
    error = {"code": code, "msg": "Words", "sub_code": sub_code}
    assert type(refusal(error, "taobao.x")) is kind
    assert throttled(error) is None


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        ({"code": 7, "sub_msg": "This ban will last for 2 more seconds"}, 2),
        ({"code": 7, "sub_msg": "This ban will last for 41230 more seconds"}, 41230),
        ({"code": 7}, 1),
        ({"code": 15, "sub_code": "accesscontrol.limited-by-dynamic-access-count"}, 1),
        ({"code": 15, "sub_code": "accesscontrol.limited-by-api-access-count"}, 1),
        ({"code": 15, "sub_code": "isp.call-limited"}, 1),
    ],
)
def test_a_ban_says_how_long_it_lasts(error, seconds):
    found = throttled(error)
    assert found is not None
    assert found.seconds == seconds


def test_wrapped_and_simplified_answers_say_the_same():
    wrapped = {"trades_sold_get_response": {"trades": {"trade": [{"tid": 1}]}, "has_next": True}}
    simple = {"trades": [{"tid": 1}], "has_next": True}
    for answer in (wrapped, simple):
        payload = payload_of(answer, "taobao.trades.sold.get")
        assert listed(payload["trades"]) == [{"tid": 1}]
        assert payload["has_next"] is True
    assert listed(None) == listed({}) == []


def test_errors_are_seen_in_both_shapes():
    assert error_of({"error_response": {"code": 7, "msg": "x"}}) == {"code": 7, "msg": "x"}
    assert error_of({"code": 7, "msg": "x"}) == {"code": 7, "msg": "x"}
    assert error_of({"trades": []}) is None
