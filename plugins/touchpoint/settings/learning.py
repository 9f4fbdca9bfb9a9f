"""config/learning.yaml: when shops learn from their own data, and what is enough to learn from."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictFloat, StrictInt, StrictStr, field_validator, model_validator

from touchpoint.errors import ConfigError
from touchpoint.settings.load import CONFIG_ROOT, shop_ids
from touchpoint.settings.reading import parse_config, read_yaml, shown
from touchpoint.settings.values import Duration, Strict

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Share = Annotated[StrictFloat, Field(gt=0, lt=1)]
Sample = Annotated[StrictInt, Field(ge=1)]
DAY = timedelta(days=1)


class PayDelay(Strict):
    """How the time of a payment reminder is learned.

    Attributes:
        window: orders made longer ago are not looked at.
        share: of those who pay by themselves, that have paid when a reminder is due.
        least_share: the same, where the closing time does not let it wait for `share`; less, and there is none.
        min_sample: orders that were or could have been watched until they close, and payments.
        earliest: no reminder sooner after the order.
        lead, margin: left between reminder and closing, for paying and for the run that sends it.
        steps: times a suggestion is rounded up to; beyond the last, whole days.
    """

    window: Duration
    share: Share
    least_share: Share
    min_sample: Sample
    earliest: Duration
    lead: Duration
    margin: Duration
    steps: Annotated[list[Duration], Field(min_length=1)]

    @model_validator(mode="after")
    def _makes_sense(self) -> PayDelay:
        if self.least_share > self.share:
            raise ValueError("least_share lies above share: it is what holds where the order closes early")
        if any(not one < other for one, other in pairwise(self.steps)) or not self.steps[0]:
            raise ValueError("steps must rise, from more than 0")
        if not self.window:
            raise ValueError("window is 0: no order lies in it")
        return self

    def round_up(self, age: timedelta) -> timedelta:
        """The first step that is not sooner."""
        return next((step for step in self.steps if step >= age), -(-age // DAY) * DAY)

    def round_down(self, age: timedelta) -> timedelta:
        """The last step that is not later; 0: there is none."""
        sooner = [step for step in self.steps if step <= age]
        return max([*sooner, age // DAY * DAY])


class DeliveryNorms(Strict):
    """How normal days of delivery are learned.

    Attributes:
        window: parcels clicked longer ago are not looked at.
        quantile: the share of parcels that arrive within the days learned, of those that arrive.
        min_sample: parcels that were or could have been watched for the horizon, and arrivals.
        horizon: a parcel on its way for longer does not arrive; whole days.
    """

    window: Duration
    quantile: Share
    min_sample: Sample
    horizon: Duration

    @field_validator("horizon")
    @classmethod
    def _whole_days(cls, value: timedelta) -> timedelta:
        if not timedelta() < value <= 120 * DAY or value % DAY:
            raise ValueError("write whole days, 1d to 120d: parcels are not kept longer")
        return value


class AnswerDelay(Strict):
    """How the time between two steps of a campaign is learned (`after: learned`).

    Attributes:
        window: messages sent longer ago are not looked at.
        share: of the readers who pay an order within the horizon, that have when the next step is due.
        min_sample: answers, and messages that were or could have been watched for the horizon.
        horizon: a payment later than this is no answer.
        earliest: no next step sooner.
    """

    window: Duration
    share: Share
    min_sample: Sample
    horizon: Duration
    earliest: Duration


class Part(Strict):
    """What a shop says instead; what is left out is as for all shops."""

    pay_delay: dict[StrictStr, Any] = Field(default_factory=dict)
    delivery_norms: dict[StrictStr, Any] = Field(default_factory=dict)
    answer_delay: dict[StrictStr, Any] = Field(default_factory=dict)


class Learning(Strict):
    """The whole file.

    Attributes:
        weekdays: on these days of the shop's zone its daily run learns, or the next one, where it did not.
    """

    weekdays: Annotated[list[Weekday], Field(min_length=1)]
    pay_delay: PayDelay
    delivery_norms: DeliveryNorms
    answer_delay: AnswerDelay
    shops: dict[StrictStr, Part] = Field(default_factory=dict)

    def day_before(self, at: datetime) -> datetime:
        """When the last of the weekdays began, as of an instant in the shop's zone; on such a day, that day."""
        back = next(days for days in range(7) if WEEKDAYS[(at - days * DAY).weekday()] in self.weekdays)
        return datetime.combine(at.date() - back * DAY, time.min, at.tzinfo)


def load_learning(shop_id: str | None = None, config: Path = CONFIG_ROOT) -> Learning:
    """config/learning.yaml, as it holds for a shop; None: as it holds for those it does not name.

    Raises:
        ConfigError: a wrong key or value, or a shop nobody knows.
    """
    path = config / "learning.yaml"
    content = read_yaml(path)
    common = parse_config(Learning, content, path)
    known = {*shop_ids(config), *shop_ids(config, "rehearsals")}
    unknown = sorted(set(common.shops) - known)
    if unknown:
        raise ConfigError(
            f"learning of a shop nobody knows: {unknown[0]!r}",
            place=shown(path),
            remedy=f"one of: {', '.join(sorted(known))}",
        )
    own = {of: _with(content, part, path) for of, part in common.shops.items()}
    return own.get(shop_id or "", common)


def _with(content: dict[str, Any], part: Part, path: Path) -> Learning:
    said = {key: {**content[key], **getattr(part, key)} for key in Part.model_fields}
    return parse_config(Learning, {**content, **said}, path)
