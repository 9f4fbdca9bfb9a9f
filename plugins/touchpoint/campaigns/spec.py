"""The keys of a campaign file, as strict types. One touchpoint a file; names only: no SQL, no template code."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    PrivateAttr,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    field_validator,
    model_validator,
)

from touchpoint.campaigns import variants as words_for
from touchpoint.campaigns.variants import Name, Variants
from touchpoint.model import Cadence, Channel, Purpose
from touchpoint.settings import Duration, Offer, Strict, TimeOfDay, parse_duration

STAGES = ("prospect", "new", "second_time", "loyal", "drifting", "dormant", "lost")
"""Lifecycle stages, the segments a campaign file may name."""
_NEARLY_A_DURATION = re.compile(r"^\s*\d+\s*[A-Za-z]*\s*$")
_MONEY = re.compile(r"^\d{1,9}(\.\d{1,3})?$")
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


def _kind_of_due(value: object) -> str:
    return "run" if isinstance(value, str) else "days"


class Audience(Strict):
    """Who: a statement below include/sql/audiences/, its parameters, and the segments it is narrowed to."""

    statement: Name
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    segments: list[StrictStr] = Field(default_factory=list)

    @field_validator("parameters")
    @classmethod
    def _values_make_sense(cls, value: dict[str, Parameter]) -> dict[str, Parameter]:
        for key, given in value.items():
            if isinstance(given, dict) and "default" not in given:
                raise ValueError(f"{key} is a mapping without a default: add default: …")
            for one in given.values() if isinstance(given, dict) else [given]:
                if key.endswith("_amount"):
                    _money(key, one)
                elif isinstance(one, str) and _NEARLY_A_DURATION.match(one):
                    parse_duration(one)
        return value

    def sql_parameters(self) -> dict[str, Any]:
        """What the statement receives as jsonb: durations as whole seconds, everything else as written."""
        given: dict[str, Any] = {key: _for_sql(value) for key, value in self.parameters.items()}
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
        after: how long after the step before it; enqueued together with that one. None: the audience returns it.
        not_before: local time of day (shop's zone) before which it does not go, inside the legal hours.
        not_after: local time of day from which it does not go any more, inside the legal hours.
    """

    id: Name
    channel: Annotated[list[Channel], Field(min_length=1)]
    template: Name
    after: Duration | None = None
    not_before: TimeOfDay | None = None
    not_after: TimeOfDay | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Step:
        if len(set(self.channel)) != len(self.channel):
            raise ValueError("a channel is named twice: name each once, the preferred one first")
        if self.not_before and self.not_after and self.not_before >= self.not_after:
            raise ValueError("not_before is not earlier than not_after: both are local times of one day")
        return self


class Limits(Strict):
    """Messages of this campaign a customer may get, in a shop-local day and in any 7 such days."""

    per_day: Annotated[StrictInt, Field(ge=1)] | None = None
    per_week: Annotated[StrictInt, Field(ge=1)] | None = None


class Holdout(Strict):
    """The share that gets nothing, in percent (None: the policy's), and the salt that keeps the draw."""

    percent: Annotated[float, Field(ge=0, le=50)] | None = None
    salt: Words


class Goal(Strict):
    """What the campaign is for, and how long after a message it may be counted to it."""

    event: Literal["order_paid"]
    within: Duration


class Campaign(Strict):
    """One touchpoint: the keys of a file in config/campaigns/, in the order of this class.

    Attributes:
        variants: `by: stage`, then lifecycle stage -> template variant; or `by: series`, then product series -> variant
            (the audience returns it); empty: the template has no variants.
        valid_while: statements below include/sql/outbox/valid/ that must hold when a message is claimed.
        max_staleness: facts older than this keep a message waiting.
        priority: the greater one wins within a run.
    """

    id: Name
    description: Words
    owner: Words
    enabled: StrictBool
    purpose: Purpose
    cadence: Cadence
    due: Annotated[
        Annotated[Literal["every_run"], Tag("run")] | Annotated[Due, Tag("days")], Discriminator(_kind_of_due)
    ]
    audience: Audience
    occasion: Literal["order", "shipment", "last_order", "period"]
    steps: Annotated[list[Step], Field(min_length=1)]
    variants: Variants
    valid_while: list[Name]
    max_staleness: Duration
    priority: Annotated[StrictInt, Field(ge=0, le=1000)]
    limits: Limits
    holdout: Holdout
    approval: Literal["none", "marketer"]
    goal: Goal
    _body: str = PrivateAttr("")
    _offer: Offer | None = PrivateAttr(None)

    @field_validator("steps")
    @classmethod
    def _steps_follow(cls, value: list[Step]) -> list[Step]:
        ids = [step.id for step in value]
        if len(set(ids)) != len(ids):
            raise ValueError("two steps have the same id: give each its own")
        if value[0].after is not None:
            raise ValueError(f"{ids[0]} is the first step and has after: leave it out")
        return value

    @field_validator("variants")
    @classmethod
    def _by_stage_or_series(cls, value: Variants) -> Variants:
        return words_for.check(value)

    @field_validator("max_staleness")
    @classmethod
    def _some_staleness(cls, value: timedelta) -> timedelta:
        if not value:
            raise ValueError("0 would never let a message go: write how old facts may be, as in 30m")
        return value

    @property
    def body(self) -> str:
        """The file's text (of a campaign made in memory, its content as JSON), and the offer it names."""
        body = self._body or json.dumps(self.model_dump(mode="json"), ensure_ascii=False)
        return f"{body}\n# offer: {self._offer.model_dump_json(by_alias=True)}\n" if self._offer else body

    @property
    def file_hash(self) -> str:
        """SHA-256 of the body, hex: names this version in the ledger and in an approval."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def words_by_stage(self) -> dict[str, str]:
        """Lifecycle stage -> template variant."""
        return words_for.by_stage(self.variants)

    @property
    def template_variants(self) -> list[str | None]:
        """Every variant a template of it must exist in; [None] where it has none."""
        return words_for.every(self.variants)

    def variant_of(self, stage: str | None, returned: str | None = None) -> str | None:
        """The variant the audience returned, else that of the stage. None: see `has_words_for`."""
        return returned or self.words_by_stage.get(stage or "")

    def has_words_for(self, stage: str | None, returned: str | None = None) -> bool:
        """Whether a candidate can be written to at all: there are no variants, or there is one for it."""
        return not self.variants or self.variant_of(stage, returned) is not None

    def step(self, step_id: str) -> Step:
        """A step by its id.

        Raises:
            KeyError: no such step.
        """
        return next((step for step in self.steps if step.id == step_id), None) or _no_step(self.id, step_id)

    @property
    def offer_id(self) -> str | None:
        """The entry of config/offers.yaml a promotion makes. A notice has none: its `offer` is words of its own."""
        named = self.audience.parameters.get("offer")
        is_made = self.purpose == Purpose.PROMOTIONAL and isinstance(named, str) and named != "none"
        return str(named) if is_made else None

    @property
    def offer_steps(self) -> list[str]:
        """The steps that carry the offer: `offer_step`, else all."""
        named = self.audience.parameters.get("offer_step")
        return [] if self.offer_id is None else [str(named)] if named else [step.id for step in self.steps]

    def offer_of(self, step_id: str) -> Offer | None:
        """The offer a step carries."""
        return self._offer if step_id in self.offer_steps else None

    def message_values(self) -> dict[str, str]:
        """What a notice's file itself tells every reader, for the templates: the offer, where it makes one."""
        offer = self.audience.parameters.get("offer")
        is_words = self.purpose == Purpose.TRANSACTIONAL and isinstance(offer, str) and offer != "none"
        return {"offer": str(offer)} if is_words else {}

    def facts(self, step_id: str, shop_id: str) -> dict[str, Any]:
        """What a message's context row holds beside the shop's facts: the offer; a promotion's with its terms."""
        offer = self.offer_of(step_id)
        terms = offer.shops.get(shop_id) if offer else None
        return {"offer_made": (offer, terms)} if offer and terms else dict(self.message_values())

    def with_offer(self, offer: Offer) -> Campaign:
        """The same campaign, remembering the offer it names: its hash changes with the offer's words and terms."""
        copy = self.model_copy()
        copy._offer = offer
        return copy

    def with_body(self, body: str) -> Campaign:
        """The same campaign, remembering the text of its file."""
        copy = self.model_copy()
        copy._body = body
        return copy


def _no_step(campaign: str, step: str) -> Step:
    raise KeyError(f"campaign {campaign} has no step {step}")
