"""What is the same for every method of the platform: parameters, checks, error bodies, the shape of an answer."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.sax.saxutils import escape

from touchpoint.sandbox.credentials import APP_KEY, APP_SECRET, SESSION
from touchpoint.sandbox.platform.signature import METHODS, signature

GMT8 = timezone(timedelta(hours=8))
SKEW = timedelta(minutes=10)

Params = Mapping[str, str]
Answer = dict[str, Any]


@dataclass
class PlatformError(Exception):
    """An error body: code and msg of the platform's list, sub_code and sub_msg of the method's."""

    code: int
    msg: str
    sub_code: str = ""
    sub_msg: str = ""

    def body(self, request_id: str) -> Answer:
        """As the platform sends it, with HTTP 200."""
        told = {"code": self.code, "msg": self.msg, "sub_code": self.sub_code, "sub_msg": self.sub_msg}
        return {"error_response": {**{k: v for k, v in told.items() if v != ""}, "request_id": request_id}}


def invalid(name: str, why: str) -> PlatformError:
    """A business parameter that cannot be taken as it is."""
    return PlatformError(41, "Invalid Arguments", "isv.invalid-parameter", f"{name}: {why}")


def check(params: Params, now: datetime) -> None:
    """Refuse a call that the platform's gateway would refuse; `now` is real time.

    Raises:
        PlatformError: 21-34 of the platform's list.
    """
    for name, code in (("method", 21), ("app_key", 28), ("timestamp", 30), ("v", 32), ("sign", 24)):
        if not params.get(name):
            raise PlatformError(code, f"Missing {name}")
    if params["app_key"] != APP_KEY:
        raise PlatformError(29, "Invalid App Key")
    if params["v"] != "2.0":
        raise PlatformError(34, "Unsupported Version")
    _check_timestamp(params["timestamp"], now)
    method = params.get("sign_method", "")
    expected = signature(params, APP_SECRET, method) if method in METHODS else ""
    if not hmac.compare_digest(expected.encode(), params["sign"].encode()):
        raise PlatformError(25, "Invalid signature")
    if not params.get("session"):
        raise PlatformError(26, "Missing Session")
    if params["session"] != SESSION:
        raise PlatformError(27, "Invalid session", "invalid-sessionkey", "Sessionkey is not valid")


def _check_timestamp(text: str, now: datetime) -> None:
    try:
        told = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=GMT8)
    except ValueError as error:
        raise PlatformError(31, "Invalid Timestamp") from error
    if abs(told - now) > SKEW:
        raise PlatformError(31, "Invalid Timestamp")


def read_time(params: Params, name: str) -> int | None:
    """A parameter `yyyy-MM-dd HH:mm:ss` in GMT+8 as seconds since 1970; None if it was not given.

    Raises:
        PlatformError: it is written otherwise.
    """
    text = params.get(name)
    if not text:
        return None
    try:
        return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=GMT8).timestamp())
    except ValueError as error:
        raise invalid(name, "write yyyy-MM-dd HH:mm:ss") from error


def read_number(params: Params, name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number within its limits.

    Raises:
        PlatformError: it is none, or outside them.
    """
    text = params.get(name) or str(default)
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise invalid(name, f"a whole number from {lowest} to {highest}")
    return int(text)


def read_fields(params: Params) -> frozenset[str]:
    """The fields asked for.

    Raises:
        PlatformError: none.
    """
    if not params.get("fields"):
        raise PlatformError(40, "Missing Required Arguments:fields", "isv.missing-parameter:fields")
    return frozenset(name.strip() for name in params["fields"].split(","))


def shown_time(epoch: int) -> str:
    """Seconds since 1970 as `yyyy-MM-dd HH:mm:ss` in GMT+8."""
    return datetime.fromtimestamp(epoch, GMT8).strftime("%Y-%m-%d %H:%M:%S")


def yuan(fen: int) -> str:
    """Money as the platform writes it."""
    return f"{fen // 100}.{fen % 100:02d}"


def page_of(rows: list[Any], params: Params, *, longest: int = 100) -> tuple[list[Any], Answer]:
    """One page of rows, and what the answer says of the rest: has_next if that was asked for, else the total."""
    size = read_number(params, "page_size", 40, 1, longest)
    page = read_number(params, "page_no", 1, 1, 10**6)
    chosen = rows[(page - 1) * size : page * size]
    if params.get("use_has_next") == "true":
        return chosen, {"has_next": len(rows) > page * size}
    return chosen, {"total_results": len(rows)}


def wrapped(method: str, answer: Answer, request_id: str, *, is_simple: bool) -> Answer:
    """An answer below the method's root; simplified: without the root and without the inner name of each list."""
    answer = {**answer, "request_id": request_id}
    if is_simple:
        return {key: _unwrapped(value) for key, value in answer.items()}
    return {method.removeprefix("taobao.").replace(".", "_") + "_response": answer}


def _unwrapped(value: Any) -> Any:
    if isinstance(value, list):
        return [_unwrapped(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(next(iter(value.values())), list):
        return [_unwrapped(each) for each in next(iter(value.values()))]
    return {key: _unwrapped(each) for key, each in value.items()}


def as_xml(answer: Any) -> str:
    """The same answer for a caller who forgot to ask for JSON."""
    if isinstance(answer, dict):
        return "".join(
            as_xml_list(key, value) if isinstance(value, list) else f"<{key}>{as_xml(value)}</{key}>"
            for key, value in answer.items()
        )
    return escape(str(answer).lower() if isinstance(answer, bool) else str(answer))


def as_xml_list(name: str, values: list[Any]) -> str:
    """A list as its elements, one after another."""
    return "".join(f"<{name}>{as_xml(value)}</{name}>" for value in values)
