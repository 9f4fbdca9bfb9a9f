"""Signed calls to the sandbox over real sockets, for its own tests: with its own signature code, held by vectors."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import requests
from tests.sandbox_process import Sandbox

from touchpoint.clock import real_now
from touchpoint.sandbox.credentials import ACCESS_KEY_ID, ACCESS_KEY_SECRET, APP_KEY, APP_SECRET, SESSION
from touchpoint.sandbox.platform.signature import signature as platform_signature
from touchpoint.sandbox.sms.signature import ALGORITHM, canonical_request
from touchpoint.sandbox.sms.signature import signature as sms_signature

GMT8 = timezone(timedelta(hours=8))
ALL_TYPES = "fixed,cod,step,tmall_i18n"


def top_time(instant: datetime) -> str:
    """An instant as the platform writes it."""
    return instant.astimezone(GMT8).strftime("%Y-%m-%d %H:%M:%S")


def signed_call(
    method: str, secret: str = APP_SECRET, sign_method: str = "hmac-sha256", **params: Any
) -> dict[str, str]:
    """The parameters of a call, signed; a parameter given as None is left out."""
    whole = {
        "method": method,
        "app_key": APP_KEY,
        "session": SESSION,
        "timestamp": top_time(real_now()),
        "v": "2.0",
        "format": "json",
        "sign_method": sign_method,
        **params,
    }
    kept = {name: str(value) for name, value in whole.items() if value is not None}
    return {**kept, "sign": platform_signature(kept, secret, sign_method)}


def post(sandbox: Sandbox, params: dict[str, str], timeout: float = 30) -> requests.Response:
    """Hand parameters to the platform as a form."""
    return requests.post(sandbox.platform_url, params, timeout=timeout)


def call(sandbox: Sandbox, method: str, **params: Any) -> dict[str, Any]:
    """Call a method and hand back what lies below its root.

    Raises:
        KeyError: the platform answered with an error body.
    """
    answer = post(sandbox, signed_call(method, **params)).json()
    return answer[method.removeprefix("taobao.").replace(".", "_") + "_response"]


def error_of(sandbox: Sandbox, params: dict[str, str]) -> tuple[int, int, str]:
    """(HTTP status, code, sub_code) of a call the platform refuses."""
    response = post(sandbox, params)
    told = response.json()["error_response"]
    return response.status_code, told["code"], told.get("sub_code", "")


def modified_between(sandbox: Sandbox, start: datetime, end: datetime, **params: Any) -> dict[str, Any]:
    """A page of the trades that changed in a window; all types, a few fields."""
    wanted = {"fields": "tid,status,modified,created", "type": ALL_TYPES, "page_size": 100, **params}
    window = {"start_modified": top_time(start), "end_modified": top_time(end)}
    return call(sandbox, "taobao.trades.sold.increment.get", **window, **wanted)


def tids(answer: dict[str, Any]) -> list[int]:
    """The trade numbers of a list answer."""
    return [trade["tid"] for trade in answer.get("trades", {}).get("trade", [])]


def sms_call(
    sandbox: Sandbox,
    action: str,
    query: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
    *,
    nonce: str | None = None,
    secret: str = ACCESS_KEY_SECRET,
    key: str = ACCESS_KEY_ID,
    at: datetime | None = None,
    timeout: float = 30,
) -> requests.Response:
    """A signed call to the SMS gateway: `query` in the URL, `form` in the body."""
    body = urlencode(form or {}).encode()
    written = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in (query or {}).items())
    headers = {
        "host": urlsplit(sandbox.sms_url).netloc,
        "x-acs-action": action,
        "x-acs-version": "2017-05-25",
        "x-acs-date": (at or real_now()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce or uuid4().hex,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        **({"content-type": "application/x-www-form-urlencoded"} if form else {}),
    }
    names = tuple(sorted(headers))
    canonical = canonical_request("POST", "/", written, headers, names, headers["x-acs-content-sha256"])
    headers["authorization"] = (
        f"{ALGORITHM} Credential={key},SignedHeaders={';'.join(names)},Signature={sms_signature(canonical, secret)}"
    )
    return requests.post(f"{sandbox.sms_url}?{written}", body, headers=headers, timeout=timeout)


def batch(numbers: list[str], out_id: str = "group-1", **more: str) -> dict[str, str]:
    """The form of a SendBatchSms with the template SMS_1."""
    return {
        "PhoneNumberJson": json.dumps(numbers),
        "SignNameJson": json.dumps(["模拟店铺"] * len(numbers)),
        "TemplateCode": "SMS_1",
        "TemplateParamJson": json.dumps([{"name": f"客户{number[-2:]}"} for number in numbers]),
        "OutId": out_id,
        **more,
    }
