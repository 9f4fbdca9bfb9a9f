"""What the platform answers: its errors by class, its payload in either of its two JSON shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from touchpoint.errors import SourceError, SourceRefused, SourceUnavailable

_BAN = re.compile(r"last for (\d+) more second")
_RATE_CODES = frozenset({"7"})
_SESSION_CODES = frozenset({"26", "27", "53"})
_PERMISSION_CODES = frozenset({"11", "12", "13"})
_IDENTITY_CODES = frozenset({"24", "25", "28", "29", "30", "31"})
_REMEDIES = {
    "session": "authorise the shop again and put the new session into the connection",
    "permission": "apply for the API with the platform",
    "identity": "check app key, app secret, sign method and the machine's clock",
}


@dataclass(frozen=True)
class Throttled:
    """The platform asks to wait."""

    seconds: float


class CallRefusedError(SourceError):
    """The platform understood and says no to this one call (isv.*): others may succeed."""


def throttled(error: Mapping[str, Any]) -> Throttled | None:
    """The wait an error asks for; None if it is no matter of rate."""
    sub_code = str(error.get("sub_code") or "")
    is_rate = str(error.get("code")) in _RATE_CODES or sub_code == "isp.call-limited"
    is_rate = is_rate or (sub_code.startswith("accesscontrol.limited-by-") and sub_code.endswith("-access-count"))
    if not is_rate:
        return None
    ban = _BAN.search(str(error.get("sub_msg") or ""))
    return Throttled(float(ban[1]) if ban else 1.0)


def refusal(error: Mapping[str, Any], method: str) -> SourceError:
    """The error of ours for one of the platform's that waiting a second does not cure."""
    code, sub_code = str(error.get("code")), str(error.get("sub_code") or "")
    thing = f"error {code} {sub_code}: {error.get('msg') or ''}".replace(" :", ":").strip()
    if code in _SESSION_CODES or any(word in sub_code for word in ("invalid-sessionkey", "session-expired")):
        return SourceRefused(thing, place=method, remedy=_REMEDIES["session"])
    if code in _PERMISSION_CODES or sub_code.startswith("isv.permission-"):
        return SourceRefused(thing, place=method, remedy=_REMEDIES["permission"])
    if code in _IDENTITY_CODES:
        return SourceRefused(thing, place=method, remedy=_REMEDIES["identity"])
    if sub_code.startswith("isp.") or code == "10":
        return SourceUnavailable(thing, place=method, remedy="the platform's side is at fault; the next run asks again")
    kind = CallRefusedError if sub_code.startswith("isv.") else SourceError
    return kind(thing, place=method, remedy="correct the call; trying again does not help")


def error_of(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The error in an answer, wrapped or simplified; None if it is none."""
    wrapped = answer.get("error_response")
    if isinstance(wrapped, Mapping):
        return wrapped
    return answer if "code" in answer and "msg" in answer else None


def payload_of(answer: Mapping[str, Any], method: str) -> Mapping[str, Any]:
    """What an answer carries: below `<method>_response`, or at the root with `simplify`."""
    root = method.removeprefix("taobao.").replace(".", "_") + "_response"
    inner = answer.get(root)
    return inner if isinstance(inner, Mapping) else answer


def listed(value: Any) -> list[Any]:
    """A list of the platform's: {"trades": {"trade": [...]}} or, simplified, {"trades": [...]}; none is empty."""
    if isinstance(value, Mapping):
        value = next((inner for inner in value.values() if isinstance(inner, list)), [])
    return list(value or [])
