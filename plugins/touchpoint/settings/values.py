"""Values as people write them: durations, times of day, and objects that refuse what they do not know."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict

_DURATION = re.compile(r"^([0-9]{1,12})(s|m|h|d)\Z")
_PRICE = re.compile(r"^[0-9]{1,9}(\.[0-9]{1,6})?\Z")
MAIL_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
"""A plain ASCII mailbox: nothing else may stand in a header or an envelope of ours."""
_BRACKETS = "【】[]〔〕［］"
LONGEST = timedelta(days=36500)
"""A hundred years: whatever is longer is a slip, and no calendar could be asked for it."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(value: object) -> timedelta:
    """`90s`, `30m`, `24h`, `60d` as a timedelta."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{value!r} is no duration: write a number and s, m, h or d, as in 30m")
    number, unit = int(match[1]), _UNITS[match[2]]
    if number > LONGEST / timedelta(**{unit: 1}):
        raise ValueError(f"{value!r} is longer than a hundred years: write at most {LONGEST.days}d")
    return timedelta(**{unit: number})


def parse_time(value: object) -> time:
    """`"09:30"` as a time of day; quoted, because YAML reads 10:30 as 630."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not re.match(r"^[0-2][0-9]:[0-5][0-9]\Z", value):
        raise ValueError(f'{value!r} is no time of day: write it quoted, as in "09:30"')
    return time.fromisoformat(value)


def parse_day(value: object) -> date:
    """`"2026-11-11"` as a day; quoted, because YAML makes a date of its own of it."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.match(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", value):
        raise ValueError(f'{value!r} is no day: write it quoted, as in "2026-11-11"')
    return date.fromisoformat(value)


def parse_price(value: object) -> Decimal:
    """`"0.045"` as an amount in the shop's currency; quoted, because YAML reads a bare 0.045 as a binary fraction."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _PRICE.match(value):
        raise ValueError(f'{value!r} is no price: write it quoted, as in "0.045"')
    return Decimal(value)


def parse_window(value: object) -> timedelta | None:
    """`all`, for everything there is, as None; else how far back, as in `730d`."""
    return None if value is None or value == "all" else parse_duration(value)


def parse_mailbox(value: object) -> str:
    """A mail address as it may stand in a header: ASCII, without a name beside it. It is never quoted back."""
    if not isinstance(value, str) or not MAIL_ADDRESS.fullmatch(value):
        raise ValueError("that is no mail address: write one alone, as in service@shop.example")
    return value


def parse_line(value: object) -> str:
    """A few words in one line: a line break in a header or a signature would end it."""
    if not isinstance(value, str) or not value.strip() or len(value.splitlines()) > 1 or value != value.strip():
        raise ValueError("write some words in one line, without space before or after them")
    return value


def parse_signature(value: object) -> str:
    """How a shop signs, without brackets: an SMS puts 【】 around it, and a provider knows it without."""
    line = parse_line(value)
    if any(bracket in line for bracket in _BRACKETS):
        raise ValueError(f"{value!r} has brackets: leave them out, they are put around it")
    return line


@cache
def time_zones() -> frozenset[str]:
    """Names of the IANA time zones there are. Finding them walks folders for 10 ms and more: once a process."""
    return frozenset(available_timezones())


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
TimeOfDay = Annotated[time, BeforeValidator(parse_time)]
Day = Annotated[date, BeforeValidator(parse_day)]
Window = Annotated[timedelta | None, BeforeValidator(parse_window)]
Mailbox = Annotated[str, BeforeValidator(parse_mailbox)]
Line = Annotated[str, BeforeValidator(parse_line)]
Signature = Annotated[str, BeforeValidator(parse_signature)]
Price = Annotated[Decimal, BeforeValidator(parse_price)]


class Strict(BaseModel):
    """A configuration object: unknown keys are refused, values are never coerced, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
