"""What policy decides by, and what it says of each candidate."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from touchpoint.campaigns.spec import Campaign
from touchpoint.decide.delivery import Slot, Way
from touchpoint.model import Candidate, Decision, Purpose
from touchpoint.settings import Policy, Shop


@dataclass(frozen=True)
class Setting:
    """What a run decides by.

    Attributes:
        at: business time: nothing is planned before it.
        as_of, dag_id: the run; a touch decided by the same two keeps its win.
        written: campaign id -> locales its templates exist in.
    """

    shop: Shop
    policy: Policy
    campaigns: Mapping[str, Campaign]
    at: datetime
    as_of: datetime
    dag_id: str
    written: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What became of a candidate, or of a step that follows it.

    Attributes:
        reason: None for enqueued, held_out and repeated.
        way, slot, locale, variant: how and when its message goes; a repeated one has none.
        is_counted: False for a step that follows another by `after`: it shows under messages alone.
        draw, percent: what chance said and the share held out then; of enqueued and held_out alone.
        is_first_draw: this decision made the draw.
    """

    candidate: Candidate
    decision: Decision
    reason: str | None = None
    way: Way | None = None
    slot: Slot | None = None
    locale: str | None = None
    variant: str | None = None
    is_counted: bool = True
    draw: float | None = None
    percent: float | None = None
    is_first_draw: bool = False

    @property
    def has_won(self) -> bool:
        """Enqueued or held out: it takes its address and covers its orders."""
        return self.decision in (Decision.ENQUEUED, Decision.HELD_OUT)

    @property
    def address_hash(self) -> str | None:
        """Taken by touches enqueued or held out alone."""
        return self.way.address.address_hash if self.has_won and self.way and self.way.address else None


@dataclass(frozen=True)
class Contender:
    """A candidate that could be reached: arbitration, caps and chance are still to speak."""

    candidate: Candidate
    campaign: Campaign
    way: Way
    slot: Slot

    @property
    def rank(self) -> tuple[object, ...]:
        """Sorts the one that goes first to the front: transactional, then priority, then names."""
        is_promotional = self.campaign.purpose == Purpose.PROMOTIONAL
        return is_promotional, -self.campaign.priority, self.campaign.id, self.candidate.step, self.candidate.occasion

    @property
    def place(self) -> tuple[UUID, date]:
        """What there is one winner of."""
        return self.candidate.identity, self.slot.planned_on

    def becomes(self, decision: Decision, reason: str | None = None) -> Verdict:
        """The verdict about it."""
        return Verdict(self.candidate, decision, reason, self.way, self.slot)
