"""Faults on demand: what the simulated providers do wrong, and how often."""

from __future__ import annotations

from typing import Any

from touchpoint.errors import ConfigError

Fault = dict[str, Any]

KNOWN: dict[str, dict[str, str]] = {
    "platform": {
        "down": "HTTP 503 without a body",
        "reset": "the connection breaks in the middle of the answer",
        "slow": "value seconds before the answer",
        "http500": "HTTP 500 with an HTML page",
        "throttled": "error 7; value = seconds of the ban",
        "system_busy": "error 15, isp.system-busy",
        "wrong_signature": "error 25",
        "expired_session": "error 27",
        "late_arrivals": "share of the trades reach the modified lists only lag_s seconds after the change",
    },
    "sms": {
        "down": "HTTP 503 before anything is accepted",
        "latency_ms": "value ms before the answer, after accepting",
        "accept_then_timeout": "accepts, then holds the answer back for value seconds (default 60)",
        "error500_after_accept": "accepts, then answers HTTP 500",
        "reset_after_accept": "accepts, then the connection breaks in the middle of the answer",
        "query_lag_s": "QuerySendDetails knows a message only value seconds after it was accepted",
        "business_limit": "a number gets at most value messages a day, then isv.BUSINESS_LIMIT_CONTROL",
        "error_code": "refuses with the code given as value, nothing accepted",
    },
    "smtp": {
        "reject_4xx": "451 at RCPT for addresses that match a pattern of value (default *)",
        "reject_5xx": "550 at RCPT for addresses that match a pattern of value (default *)",
        "drop_after_dot": "accepts, then drops the connection instead of answering the final dot",
        "latency_ms": "value ms before the answer to the final dot, after accepting",
    },
}


class Faults:
    """The faults in force. A fault with a count goes away after it has struck so often."""

    def __init__(self) -> None:
        self._set: dict[str, dict[str, Fault]] = {area: {} for area in KNOWN}

    def change(self, wanted: dict[str, Any]) -> None:
        """Set faults: {area: {name: value | {"value": .., "count": ..} | null}}; null or an empty area lifts them.

        Raises:
            ConfigError: an area or a name nobody knows.
        """
        for area, names in wanted.items():
            if area not in KNOWN:
                raise ConfigError(f"unknown area {area!r}", place="faults", remedy=f"one of: {', '.join(KNOWN)}")
            unknown = set(names or {}) - set(KNOWN[area])
            if unknown:
                raise ConfigError(
                    f"unknown fault {min(unknown)!r}",
                    place=f"faults.{area}",
                    remedy=f"one of: {', '.join(KNOWN[area])}",
                )
        for area, names in wanted.items():
            merged = {**self._set[area], **{name: _fault(value) for name, value in names.items()}} if names else {}
            self._set[area] = {name: fault for name, fault in merged.items() if fault is not None}

    def clear(self) -> None:
        """Lift them all."""
        self._set = {area: {} for area in KNOWN}

    def told(self) -> dict[str, dict[str, Fault]]:
        """Those in force, with what is left of their counts."""
        return {area: dict(names) for area, names in self._set.items()}

    def strikes(self, area: str, name: str) -> Fault | None:
        """The fault, if it is in force now; counts down."""
        fault = self._set[area].get(name)
        if fault is None:
            return None
        if "count" in fault:
            left = fault["count"] - 1
            if left <= 0:
                del self._set[area][name]
            else:
                self._set[area][name] = {**fault, "count": left}
        return fault

    def hits(self, area: str, name: str) -> bool:
        """Whether the fault is in force now; counts down."""
        return self.strikes(area, name) is not None

    def value(self, area: str, name: str, default: float = 0.0) -> float:
        """The number a fault carries, its default if it carries none, 0 if it is not in force; counts down."""
        fault = self.strikes(area, name)
        return 0.0 if fault is None else float(fault.get("value", default))


def _fault(value: Any) -> Fault | None:
    if value is None or value is False:
        return None
    if isinstance(value, dict):
        return dict(value)
    return {} if value is True else {"value": value}
