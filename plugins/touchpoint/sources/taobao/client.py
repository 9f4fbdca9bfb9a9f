"""A client of the Taobao Open Platform: signed calls, the platform's waits, bounded retries. Reading only.

Session and secret never leave the request's body: no message, log line or error carries them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from time import sleep
from typing import Any, cast, get_args

import requests

from touchpoint.clock import real_now, stopwatch
from touchpoint.errors import ConfigError, SourceError, SourceUnavailable
from touchpoint.settings import ConnectionInfo
from touchpoint.sources.taobao.answers import error_of, payload_of, refusal, throttled
from touchpoint.sources.taobao.signing import SignMethod, sign

LIVE_URL = "https://eco.taobao.com/router/rest"
GMT8 = timezone(timedelta(hours=8))
TRIES = 5
"""Of one call, the first included."""
PATIENCE = 120.0
"""Seconds one call may take with all its waits; then the run fails and a later one asks again."""
_FIRST_PAUSE = 0.5  # doubled from try to try
_CONNECT_TIMEOUT = 5.0


@dataclass(frozen=True)
class Credentials:
    """Who calls, and where."""

    url: str
    app_key: str
    app_secret: str = field(repr=False)
    session: str = field(repr=False)
    sign_method: SignMethod = "hmac-sha256"

    @classmethod
    def of(cls, connection: ConnectionInfo) -> Credentials:
        """From a connection: log-in is the app key, password the secret; extra holds session, url, sign_method.

        Raises:
            ConfigError: one is missing, or a live platform is to be called without TLS.
        """
        place = f"connection {connection.conn_id}"
        extra = connection.extra
        url = str(extra.get("url") or connection.host or LIVE_URL)
        if not url.startswith("https://") and not (url.startswith("http://") and connection.is_sandbox):
            raise ConfigError(
                "the platform's URL is not https", place=place, remedy="write https://, but for a sandbox"
            )
        given = {"login": connection.login, "password": connection.password, "extra.session": extra.get("session")}
        for name, value in given.items():
            if not value:
                raise ConfigError(f"no {name}", place=place, remedy="set app key, app secret and extra.session")
        method = extra.get("sign_method", "hmac-sha256")
        if method not in get_args(SignMethod):
            raise ConfigError("unknown sign_method", place=place, remedy="md5, hmac or hmac-sha256")
        return cls(url, connection.login, connection.password, str(extra["session"]), cast("SignMethod", method))


class TopClient:
    """Calls methods of the platform for one shop.

    Args:
        credentials: who calls.
        read_timeout: seconds until an answer counts as lost.
        patience: seconds one call may take with all its waits.
        pause: waits so many seconds (a test's own does not).
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        read_timeout: float = 30.0,
        patience: float = PATIENCE,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self._credentials, self._timeout = credentials, (_CONNECT_TIMEOUT, read_timeout)
        self._patience, self._pause = patience, pause
        self._http = requests.Session()
        # A sandbox is on this machine: a proxy named in the environment must not get in between.
        self._http.trust_env = credentials.url.startswith("https://")
        self.calls = 0

    def call(self, method: str, **business: str | int) -> Mapping[str, Any]:
        """The payload of a method's answer, money and other decimals as strings.

        Raises:
            SourceUnavailable: no answer, an error of the platform's own, or throttled for longer than our patience.
            SourceRefused: signature, session or permission: a person has to act.
            SourceError: the platform does not take this call.
        """
        until = stopwatch() + self._patience
        number = 0
        while True:
            number += 1
            outcome = self._try(method, {name: str(value) for name, value in business.items()}, number)
            if isinstance(outcome, Mapping):
                return outcome
            wait, error = outcome
            if number == TRIES or stopwatch() + wait > until:
                raise error
            self._pause(wait)

    def _try(
        self, method: str, business: dict[str, str], number: int
    ) -> Mapping[str, Any] | tuple[float, SourceUnavailable]:
        """One try: the payload, or how long to wait before the next and the error if there is none."""
        pause = _FIRST_PAUSE * 2 ** (number - 1)
        try:
            answer = self._post(method, business)
        except SourceUnavailable as error:
            return pause, error
        said = error_of(answer)
        if said is None:
            return payload_of(answer, method)
        rate = throttled(said)
        if rate is not None:
            thing = f"throttled for {rate.seconds:.0f} more seconds"
            return rate.seconds, SourceUnavailable(thing, place=method, remedy="the next run asks again")
        refused = refusal(said, method)
        if isinstance(refused, SourceUnavailable):
            return pause, refused
        raise refused

    def _post(self, method: str, business: dict[str, str]) -> Mapping[str, Any]:
        self.calls += 1
        try:
            response = self._http.post(
                self._credentials.url,
                data=self._signed(method, business),
                headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
                timeout=self._timeout,
                allow_redirects=False,
            )
            body = response.content
        except requests.RequestException as error:
            # The library's text may quote what was sent, so it stays out of ours.
            raise _silent(method, type(error).__name__) from None
        if response.status_code >= 500 or response.status_code == 429:
            raise _silent(method, f"HTTP {response.status_code}")
        if response.status_code != 200:
            raise SourceError(f"HTTP {response.status_code}", place=method, remedy="check the connection's url")
        try:
            answer = json.loads(body, parse_float=str)
        except ValueError:
            raise _silent(method, "an answer that is no JSON") from None
        if not isinstance(answer, dict):
            raise _silent(method, "an answer that is no JSON object")
        return answer

    def _signed(self, method: str, business: dict[str, str]) -> dict[str, str]:
        who = self._credentials
        params = {
            "method": method,
            "app_key": who.app_key,
            "session": who.session,
            "timestamp": top_time(real_now()),
            "format": "json",
            "v": "2.0",
            "sign_method": who.sign_method,
            **business,
        }
        return {**params, "sign": sign(params, who.app_secret, who.sign_method)}


def top_time(at: datetime) -> str:
    """An instant as the platform writes it: `yyyy-MM-dd HH:mm:ss` in GMT+8, seconds cut."""
    return at.astimezone(GMT8).strftime("%Y-%m-%d %H:%M:%S")


def _silent(method: str, what: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"the platform did not answer as it should ({what})", place=method, remedy="the next run asks again"
    )
