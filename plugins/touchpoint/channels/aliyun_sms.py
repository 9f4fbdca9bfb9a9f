"""SMS through Aliyun (Dysmsapi 2017-05-25): SendBatchSms of up to 100, asked about with QuerySendDetails.

The API has no idempotency key. OutId carries our group id, so that a recipient is found again by (OutId, phone); the
signature nonce is made from the group id too, so that the same request sent twice within its 15 minutes is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
import urllib3
from urllib3.exceptions import MaxRetryError, NewConnectionError

from touchpoint.channels.acs3 import query_string, signed_headers
from touchpoint.channels.aliyun_codes import RECIPIENT_CODES, Blame, blame
from touchpoint.channels.base import demand_group
from touchpoint.clock import real_now, stopwatch
from touchpoint.model import Outgoing, SendResult, SendState, UnresolvedAttempt
from touchpoint.settings import ConnectionInfo
from touchpoint.sms_parts import segments

URL = "https://dysmsapi.aliyuncs.com/"
VERSION = "2017-05-25"
FORM = "application/x-www-form-urlencoded"
TIMEOUT = (5.0, 15.0)
"""Seconds to connect, and to wait for an answer (Aliyun advises at least 1)."""
SPLIT_BUDGET = 60.0
"""Seconds in which a refused batch may still be taken apart."""
PAGE_SIZE = 50
MAX_PAGES = 20
CHINA = timezone(timedelta(hours=8))
"""Aliyun books a message on the day in China."""


class Answer(dict[str, Any]):
    """A decoded answer of the gateway; `Code` is OK or an error code."""


class AliyunSms:
    """One connection to Aliyun, kept open.

    Args:
        connection: log-in is the access key id, password its secret; extra.url another endpoint.
        signature: the registered signature, without 【】.
        segment_cost: what one segment costs, in minor units of the shop's currency; None: unknown.
    """

    name = "aliyun_sms"
    group_size = 100
    longest_send = timedelta(seconds=SPLIT_BUDGET + sum(TIMEOUT))
    can_query = True

    def __init__(self, connection: ConnectionInfo, *, signature: str, segment_cost: Decimal | None = None) -> None:
        self.connection, self.signature, self.segment_cost = connection, signature, segment_cost
        self.url = connection.extra.get("url") or URL
        self.host, self.path = urlsplit(self.url).netloc, urlsplit(self.url).path or "/"
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy is named in the connection, never by the environment of a worker
        self.session.proxies = dict(connection.extra.get("proxies", {}))

    def send(self, group_id: str, messages: Sequence[Outgoing]) -> list[SendResult]:
        demand_group(self.name, self.group_size, messages)
        results = self._send(group_id, list(messages), stopwatch() + SPLIT_BUDGET)
        return [results[message.attempt_id] for message in messages]

    def query(self, attempts: Sequence[UnresolvedAttempt]) -> dict[str, SendResult | None]:
        answers: dict[str, SendResult | None] = {}
        for attempt in attempts:
            try:
                answers[attempt.attempt_id] = self._find(attempt)
            except (requests.RequestException, ValueError, KeyError, TypeError):
                continue  # could not be asked: the caller asks again
        return answers

    def close(self) -> None:
        self.session.close()

    def _send(self, group_id: str, messages: list[Outgoing], until: float) -> dict[str, SendResult]:
        """One call; a refusal that is about one recipient takes the batch apart until that one stands alone.

        The parts carry the same OutId. They go out after the whole was refused, so nobody is in two accepted calls.
        """
        if stopwatch() > until:
            return _all(messages, SendState.RETRYABLE, "no_time_left")
        try:
            answer = self._call("SendBatchSms", {}, self.batch(group_id, messages), _nonce(group_id, messages))
        except requests.RequestException as error:
            state = SendState.RETRYABLE if _never_connected(error) else SendState.UNKNOWN
            return _all(messages, state, type(error).__name__)
        except ValueError:
            return _all(messages, SendState.UNKNOWN, "unreadable_answer")
        code = str(answer["Code"])
        if code == "OK":
            return {message.attempt_id: self._accepted(message, answer) for message in messages}
        kind = blame(code)
        if kind == Blame.RECIPIENT and len(messages) > 1:
            half = len(messages) // 2
            return self._send(group_id, messages[:half], until) | self._send(group_id, messages[half:], until)
        states = {Blame.CHANNEL: SendState.PAUSED, Blame.MOMENT: SendState.RETRYABLE, Blame.MAYBE: SendState.UNKNOWN}
        return _all(messages, RECIPIENT_CODES[code] if kind == Blame.RECIPIENT else states[kind], code)

    def batch(self, group_id: str, messages: Sequence[Outgoing]) -> bytes:
        """The form body of one SendBatchSms."""
        form = {
            "OutId": group_id,
            "PhoneNumberJson": _json([_national(message.address) for message in messages]),
            "SignNameJson": _json([self.signature] * len(messages)),
            "TemplateCode": messages[0].template_code,
            "TemplateParamJson": _json([message.params for message in messages]),
        }
        return query_string(form).encode()

    def _accepted(self, message: Outgoing, answer: Mapping[str, Any]) -> SendResult:
        return SendResult(
            message.attempt_id, SendState.ACCEPTED, provider_ref=answer.get("BizId"), **self._billed(message.text)
        )

    def _billed(self, text: str) -> dict[str, Any]:
        parts = segments(text)
        return {"segments": parts, "cost_minor": self.segment_cost and parts * self.segment_cost}

    def _find(self, attempt: UnresolvedAttempt) -> SendResult | None:
        for detail in self._details(attempt):
            if detail.get("OutId") == attempt.group_id:
                return SendResult(
                    attempt.attempt_id,
                    SendState.ACCEPTED,  # SendStatus 2 too: the provider had it, what came of it is an outcome
                    provider_ref=detail.get("BizId"),
                    error_code=detail.get("ErrCode"),
                    **self._billed(str(detail.get("Content") or "")),
                )
        return None

    def _details(self, attempt: UnresolvedAttempt) -> Iterator[Mapping[str, Any]]:
        """Everything the provider booked for that phone on the days the attempt can have been booked on."""
        for day in (attempt.started_on, attempt.started_on + timedelta(days=1)):
            if day > real_now().astimezone(CHINA).date():
                return
            for page in range(1, MAX_PAGES + 1):
                found = self._page(attempt.address, day, page)
                yield from found
                if len(found) < PAGE_SIZE:
                    break

    def _page(self, address: str, day: date, page: int) -> list[Mapping[str, Any]]:
        params = {
            "PhoneNumber": _national(address),
            "SendDate": day.strftime("%Y%m%d"),
            "PageSize": str(PAGE_SIZE),
            "CurrentPage": str(page),
        }
        answer = self._call("QuerySendDetails", params, b"", uuid4().hex)
        if answer["Code"] != "OK":
            raise ValueError(answer["Code"])
        details = answer["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
        return list(details)

    def _call(self, action: str, params: Mapping[str, str], body: bytes, nonce: str) -> Answer:
        """One signed POST.

        Raises:
            requests.RequestException: no answer.
            ValueError: an answer that says neither yes nor no (5xx without a code, HTML, a redirect).
        """
        query = query_string(params)
        headers = signed_headers(
            key_id=self.connection.login,
            secret=self.connection.password,
            host=self.host,
            path=self.path,
            action=action,
            version=VERSION,
            nonce=nonce,
            at=real_now(),
            query=query,
            body=body,
            content_type=FORM if body else None,
        )
        url = f"{self.url}?{query}" if query else self.url
        answer = self.session.post(url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        decoded = answer.json()
        if not isinstance(decoded, dict) or not isinstance(decoded.get("Code"), str):
            raise ValueError("no Code")
        if answer.status_code >= 500 and blame(decoded["Code"]) != Blame.MOMENT:
            raise ValueError("server error")
        return Answer(decoded)


def _nonce(group_id: str, messages: Sequence[Outgoing]) -> str:
    """From the group id and who is in the call: the same call again is the same nonce, a part of it another."""
    named = "".join([group_id, *(message.attempt_id for message in messages)])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _national(address: str) -> str:
    """E.164 as Aliyun books it: mainland numbers bare, others with their country code, no plus."""
    return address.removeprefix("+86") if address.startswith("+86") else address.removeprefix("+")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _all(messages: Sequence[Outgoing], state: SendState, code: str) -> dict[str, SendResult]:
    result = SendResult("", state, error_code=code)
    return {message.attempt_id: replace(result, attempt_id=message.attempt_id) for message in messages}


def _never_connected(error: requests.RequestException) -> bool:
    """Whether no byte of the request can have left: name not found, connection refused or not made in time."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | urllib3.exceptions.ConnectTimeoutError)
