"""The parts of a campaign file: when it is due, whom it asks for, its steps, limits, holdout and goal."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, field_validator, model_validator

from touchpoint.campaigns import delays
from touchpoint.campaigns.variants import Name
from touchpoint.model import Channel
from touchpoint.settings import Duration, Strict, TimeOfDay, parse_duration

_NEARLY_A_DURATION = re.compile(r"^\s*\d+\s*[A-Za-z]*\s*$")
_MONEY = re.compile(r"^[0-9]{1,9}(\.[0-9]{1,3})?\Z")
_LARGEST = 2**31 - 1
Words = Annotated[StrictStr, Field(min_length=1)]
Scalar = StrictBool | StrictInt | StrictFloat | StrictStr
Parameter = Scalar | list[StrictStr] | dict[str, Scalar]


class Due(Strict):
    """Days a daily or monthly campaign runs on, in the shop's zone; both given: either will do."""

    day_of_month: list[Annotated[StrictInt, Field(ge=1, le=28)]] = Field(default_factory=list)
    weekday: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_a_day(self) -> Due:
        if not (self.day_of_month or self.weekday):
            raise ValueError("no day is named: give day_of_month (1 to 28) or weekday (mon to sun)")
        return self


class Audience(Strict):
    """Who: a statement below include/sql/audiences/, its parameters, and the segments it is narrowed to."""

    statement: Name
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    segments: list[StrictStr] = Field(default_factory=list)

    @field_validator("parameters")
    @classmethod
    def _values_make_sense(cls, value: dict[str, Parameter]) -> dict[str, Parameter]:
        for key, given in value.items():
            if key == delays.KEY:
                delays.check(given)
            if isinstance(given, dict) and "default" not in given:
                raise ValueError(f"{key} is a mapping without a default: add default: …")
            for one in given.values() if isinstance(given, dict) else [given]:
                if key.endswith("_amount"):
                    _money(key, one)
                elif isinstance(one, int) and abs(one) > _LARGEST:
                    raise ValueError(f"{key} is larger than {_LARGEST}: write a smaller number")
                elif isinstance(one, str) and _NEARLY_A_DURATION.match(one):
                    parse_duration(one)
        return value

    def sql_parameters(self) -> dict[str, Any]:
        """What the statement receives as jsonb: durations as whole seconds, everything else as written.

        A delay that is learned stands in it as its word: `delays.resolve` puts seconds in its place.
        """
        given: dict[str, Any] = {
            key: delays.for_sql(value) if key == delays.KEY else _for_sql(value)
            for key, value in self.parameters.items()
        }
        return {**given, "segments": list(self.segments)} if self.segments else given


def _money(key: str, value: object) -> None:
    if not isinstance(value, str) or not _MONEY.match(value):
        raise ValueError(f'{key} is money: write {value!r} quoted, in major units, as in "1000.00"')


def _for_sql(value: Parameter) -> Any:
    if isinstance(value, dict):
        return {key: _for_sql(inner) for key, inner in value.items()}
    if isinstance(value, str):
        try:
            return int(parse_duration(value).total_seconds())
        except ValueError:
            return value
    return value


class Step(Strict):
    """One message of a touchpoint.

    Attributes:
        channel: in order of preference; the first the customer can be reached by is taken.
        template: folder name (without variant) below include/templates/messages/<campaign>/<locale>/.
        after: how long after the step before it; enqueued together with that one. None: the audience returns it. A
            LearnedAfter: `Campaign.taught` puts what was learned in its place.
        not_before: local time of day (shop's zone) before which it does not go, inside the legal hours.
        not_after: local time of day from which it does not go any more, inside the legal hours.
        confirm_with_platform: before it goes, the platform is asked whether the orders it speaks of are still as we
            know them; without an answer it waits.
    """

    id: Name
    channel: Annotated[list[Channel], Field(min_length=1)]
    template: Name
    after: delays.After = None
    not_before: TimeOfDay | None = None
    not_after: TimeOfDay | None = None
    confirm_with_platform: StrictBool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Step:
        if len(set(self.channel)) != len(self.channel):
            raise ValueError("a channel is named twice: name each once, the preferred one first")
        if self.not_before and self.not_after and self.not_before >= self.not_after:
            raise ValueError("not_before is not earlier than not_after: both are local times of one day")
        return self


class Limits(Strict):
    """Messages of this campaign a customer may get, in a shop-local day and in any 7 such days."""

    per_day: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    per_week: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None


class Holdout(Strict):
    """The share that gets nothing, in percent (None: the policy's), and the salt that keeps the draw."""

    percent: Annotated[float, Field(ge=0, le=50)] | None = None
    salt: Words


class Goal(Strict):
    """What the campaign is for, and how long after a message it may be counted to it."""

    event: Literal["order_paid"]
    within: Duration

    @field_validator("within")
    @classmethod
    def _some_time(cls, value: timedelta) -> timedelta:
        if not value:
            raise ValueError("0 would count no order: write how long after a message one may come, as in 14d")
        return value
