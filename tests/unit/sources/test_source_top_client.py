"""The client's waits and retries, without a network."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest
import requests
import responses

from touchpoint.errors import ConfigError, SourceError, SourceRefused, SourceUnavailable
from touchpoint.settings import ConnectionInfo
from touchpoint.sources.taobao.client import LIVE_URL, TRIES, Credentials, TopClient
from touchpoint.sources.taobao.signing import sign

METHOD = "taobao.trades.sold.get"
FINE = {"trades_sold_get_response": {"total_results": 3}}
BAN = {
    "error_response": {
        "code": 7,
        "msg": "App Call Limited",
        "sub_code": "accesscontrol.limited-by-app-api-access-count",
        "sub_msg": "This ban will last for 2 more seconds",
    }
}
BUSY = {"error_response": {"code": 15, "msg": "Remote service error", "sub_code": "isp.system-busy"}}
EXPIRED = {"error_response": {"code": 27, "msg": "Invalid session", "sub_code": "session-expired"}}


@pytest.fixture
def platform():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def waits():
    return []


@pytest.fixture
def client(waits):
    return TopClient(Credentials(LIVE_URL, "12345678", "the-secret", "the-session"), pause=waits.append)


def answers(platform, *bodies):
    for body in bodies:
        if isinstance(body, BaseException):
            platform.add(responses.POST, LIVE_URL, body=body)
        elif isinstance(body, int):
            platform.add(responses.POST, LIVE_URL, body="<html>", status=body)
        else:
            platform.add(responses.POST, LIVE_URL, json=body)


def test_a_call_carries_what_the_platform_demands_and_a_signature_that_holds(platform, client):
    answers(platform, FINE)
    assert client.call(METHOD, fields="tid", page_no=1, title="小明 &=") == {"total_results": 3}
    sent = dict(parse_qsl(platform.calls[0].request.body))
    assert sent["title"] == "小明 &="
    assert {"method", "app_key", "session", "timestamp", "v", "format", "sign_method", "sign"} <= set(sent)
    assert sent["sign"] == sign(sent, "the-secret", "hmac-sha256")
    assert "?" not in platform.calls[0].request.url


def test_a_ban_is_waited_out(platform, client, waits):
    answers(platform, BAN, FINE)
    assert client.call(METHOD) == {"total_results": 3}
    assert waits == [2]


def test_a_ban_longer_than_our_patience_is_not_waited_for(platform, client, waits):
    long = json.loads(json.dumps(BAN).replace("2 more", "41230 more"))
    answers(platform, long)
    with pytest.raises(SourceUnavailable, match="41230 more seconds"):
        client.call(METHOD)
    assert waits == []


@pytest.mark.parametrize(
    "trouble",
    [BUSY, 500, 503, 429, requests.ConnectionError("x"), requests.ReadTimeout("x"), ["no object"]],
    ids=["busy", "500", "503", "429", "refused", "timeout", "list"],
)
def test_trouble_that_passes_is_tried_again_with_growing_pauses(platform, client, waits, trouble):
    answers(platform, trouble, trouble, FINE)
    assert client.call(METHOD) == {"total_results": 3}
    assert waits == [0.5, 1.0]


def test_trouble_that_stays_ends_after_so_many_tries(platform, client, waits):
    answers(platform, BUSY)
    with pytest.raises(SourceUnavailable, match=r"isp\.system-busy"):
        client.call(METHOD)
    assert len(platform.calls) == TRIES
    assert len(waits) == TRIES - 1


def test_what_a_person_has_to_mend_is_not_tried_again(platform, client, waits):
    answers(platform, EXPIRED)
    with pytest.raises(SourceRefused, match="authorise the shop again"):
        client.call(METHOD)
    assert len(platform.calls) == 1
    assert waits == []


def test_another_address_is_not_followed(platform, client):
    platform.add(responses.POST, LIVE_URL, status=302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(SourceError, match="HTTP 302"):
        client.call(METHOD)


@pytest.mark.parametrize("trouble", [EXPIRED, BUSY, 500, 404, requests.ConnectionError("session=the-session")])
def test_no_error_tells_session_or_secret(platform, client, trouble):
    answers(platform, trouble)
    with pytest.raises(SourceError) as caught:
        client.call(METHOD)
    told = [str(caught.value), repr(caught.value), repr(client._credentials)]
    error: BaseException | None = caught.value
    while error := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        told.append(str(error))
    assert not any(secret in text for text in told for secret in ("the-session", "the-secret"))


def connection(**changes):
    extra = {"url": "https://top.example/router/rest", "session": "s", **changes.pop("extra", {})}
    return ConnectionInfo("shop", login="key", password="secret", extra=extra, **changes)


def test_a_connection_becomes_credentials():
    assert Credentials.of(connection()) == Credentials("https://top.example/router/rest", "key", "secret", "s")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"url": "http://top.example/router/rest"}, "not https"),
        ({"session": ""}, "no extra.session"),
        ({"sign_method": "sha1"}, "unknown sign_method"),
    ],
)
def test_a_connection_that_cannot_be_used_is_refused(extra, message):
    with pytest.raises(ConfigError, match=message):
        Credentials.of(connection(extra=extra))


def test_only_a_sandbox_is_spoken_to_in_the_clear():
    url = "http://127.0.0.1:9/router/rest"
    assert Credentials.of(connection(extra={"url": url, "sandbox": True})).url == url


def test_a_proxy_of_the_environment_does_not_get_between_us_and_a_sandbox():
    assert TopClient(Credentials(LIVE_URL, "k", "s", "t"))._http.trust_env
    assert not TopClient(Credentials("http://127.0.0.1:9/router/rest", "k", "s", "t"))._http.trust_env
