"""The keys of a campaign file, as strict types. One touchpoint a file; names only: no SQL, no template code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PrivateAttr, StrictBool, StrictInt, Tag, ValidationInfo, field_validator

from touchpoint.campaigns import variants as words_for
from touchpoint.campaigns.delays import LearnedAfter
from touchpoint.campaigns.parts import Audience, Due, Goal, Holdout, Limits, Step, Words
from touchpoint.campaigns.variants import Name, Variants
from touchpoint.model import Cadence, Purpose
from touchpoint.settings import Duration, Offer, Shop, Strict

__all__ = ["STAGES", "Audience", "Campaign", "Due", "Goal", "Holdout", "Limits", "Step"]
STAGES = ("prospect", "new", "second_time", "loyal", "drifting", "dormant", "lost")
"""Lifecycle stages, the segments a campaign file may name."""


def _kind_of_due(value: object) -> str:
    return "run" if isinstance(value, str) else "days"


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
    _versions: dict[str, int | None] = PrivateAttr(default_factory=dict)

    @field_validator("steps")
    @classmethod
    def _steps_follow(cls, value: list[Step]) -> list[Step]:
        ids = [step.id for step in value]
        if len(set(ids)) != len(ids):
            raise ValueError("two steps have the same id: give each its own")
        if value[0].after is not None:
            raise ValueError(f"{ids[0]} is the first step and has after: leave it out")
        return value

    @field_validator("steps")
    @classmethod
    def _a_platform_is_asked_about_orders(cls, value: list[Step], others: ValidationInfo) -> list[Step]:
        asking = next((step.id for step in value if step.confirm_with_platform), None)
        if asking and others.data.get("occasion", "order") != "order":
            raise ValueError(f"{asking} has confirm_with_platform: only orders can be asked about; leave it out")
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

    @field_validator("approval")
    @classmethod
    def _somebody_may_answer(cls, value: str, others: ValidationInfo) -> str:
        if value != "none" and others.data.get("cadence", Cadence.MONTHLY) != Cadence.MONTHLY:
            raise ValueError("a marketer answers for monthly campaigns alone: write none, or cadence: monthly")
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
    def offer(self) -> Offer | None:
        """That entry, where the campaign was loaded with it."""
        return self._offer

    @property
    def offer_steps(self) -> list[str]:
        """The steps that carry the offer: `offer_step`, else all."""
        named = self.audience.parameters.get("offer_step")
        return [] if self.offer_id is None else [str(named)] if named else [step.id for step in self.steps]

    def offer_of(self, step_id: str) -> Offer | None:
        """The offer a step carries."""
        return self._offer if step_id in self.offer_steps else None

    def terms_of(self, step_id: str, shop: Shop) -> dict[str, object] | None:
        """What a step offers in a shop, as SQL takes it: offer, quota, from, until (instants); None: nothing."""
        offer = self.offer_of(step_id)
        terms = offer.shops.get(shop.id) if offer else None
        if offer is None or terms is None:
            return None
        opens, closes = terms.opens_at(shop.tz), terms.closes_at(shop.tz)
        return {"offer": offer.id, "quota": terms.quota, "from": opens.isoformat(), "until": closes.isoformat()}

    def offers_in(self, shop: Shop) -> dict[str, dict[str, object]]:
        """Offer id -> its terms in a shop as an audience statement takes them, with `after`: seconds from the first
        step to the first that carries it. Empty where none is made.
        """
        passed = timedelta(0)
        for step in self.steps:
            passed += step.after or timedelta(0)
            terms = self.terms_of(step.id, shop)
            if terms:
                return {str(terms["offer"]): {**terms, "after": int(passed.total_seconds())}}
        return {}

    def message_values(self) -> dict[str, str]:
        """What a notice's file itself tells every reader, for the templates: the offer, where it makes one."""
        offer = self.audience.parameters.get("offer")
        is_words = self.purpose == Purpose.TRANSACTIONAL and isinstance(offer, str) and offer != "none"
        return {"offer": str(offer)} if is_words else {}

    def facts(self, step_id: str, shop_id: str) -> dict[str, Any]:
        """What a message's context row holds beside the shop's facts: the offer; a promotion's with its terms."""
        offer = self.offer_of(step_id)
        terms = offer.shops.get(shop_id) if offer else None
        series = words_for.series_of(self.variants)
        return {
            **({"offer_made": (offer, terms)} if offer and terms else self.message_values()),
            **({"series_of_variant": series} if series else {}),
        }

    def with_offer(self, offer: Offer) -> Campaign:
        """The same campaign, remembering the offer it names: its hash changes with the offer's words and terms."""
        copy = self.model_copy()
        copy._offer = offer
        return copy

    @property
    def is_learned(self) -> bool:
        """Whether a step says `after: learned`."""
        return any(isinstance(step.after, LearnedAfter) for step in self.steps)

    @property
    def versions(self) -> dict[str, int | None]:
        """Name -> number of the version its steps' times come from; empty: they are written by hand."""
        return self._versions

    def taught(self, no: int | None, body: Mapping[str, Any] | None) -> Campaign:
        """The same campaign, its file's hash too, with what was learned where a step says `after: learned`.

        Args:
            no: of the version of `answer_delay` in force; None: nothing was learned yet, and what is written holds.
            body: of that version.
        """
        if not self.is_learned:
            return self
        after = {one["step"]: one["after"] for one in (body or {}).get("steps", []) if one["campaign"] == self.id}
        steps = [
            step.model_copy(update={"after": timedelta(seconds=after.get(before.id, step.after.total_seconds()))})
            if isinstance(step.after, LearnedAfter)
            else step
            for before, step in zip([self.steps[0], *self.steps], self.steps, strict=False)
        ]
        copy = self.model_copy(update={"steps": steps})
        copy._body = self._body or json.dumps(self.model_dump(mode="json"), ensure_ascii=False)
        copy._versions = {"answer_delay": no}
        return copy

    def with_body(self, body: str) -> Campaign:
        """The same campaign, remembering the text of its file."""
        copy = self.model_copy()
        copy._body = body
        return copy


def _no_step(campaign: str, step: str) -> Step:
    raise KeyError(f"campaign {campaign} has no step {step}")
