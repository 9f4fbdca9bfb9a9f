"""What policy is told: everything about a run's candidates that lies in the database, loaded before and held still."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from touchpoint.model import FINAL_DECISIONS, Candidate, Channel, Decision, Purpose

TouchKey = tuple[str, str, str, UUID]
"""campaign, step, occasion, identity: one touch within a realm and shop."""
AddressKey = tuple[str, str, str, str]
"""campaign, step, occasion, address hash: nobody else at that address gets it."""
CoverKey = tuple[str, str, str]
"""campaign, step, order or parcel."""


def touch_key(candidate: Candidate) -> TouchKey:
    """The touch a candidate is about."""
    return candidate.campaign_id, candidate.step, candidate.occasion, candidate.identity


@dataclass(frozen=True)
class Address:
    """The contact point of a kind known last, as ids and hashes alone.

    Attributes:
        consent: purpose -> what the latest statement says; absent where there is none.
        is_suppressed: for this channel, in this shop or everywhere.
        holder_id: the customer it is kept under, where that may be another one than asked about (merged into them, or
            they into it); the message goes to that one.
    """

    kind: str
    address_hash: str
    consent: Mapping[Purpose, bool] = field(default_factory=dict)
    is_suppressed: bool = False
    holder_id: str | None = None

    def allows(self, purpose: Purpose) -> bool:
        """Transactional consent follows from the order unless withdrawn; promotional has to have been given."""
        return self.consent.get(purpose, purpose == Purpose.TRANSACTIONAL)


@dataclass(frozen=True)
class Touch:
    """A touch as decided before.

    Attributes:
        planned_on: shop-local day of its message, or of the message it was held out of; None if it has none.
        is_freed: before the run's as_of its messages, or those it was held out of, all ended before any attempt.
        next_round: of a decision made about it now.
    """

    decision: Decision
    reason: str | None
    as_of: datetime
    dag_id: str
    planned_on: date | None = None
    address_hash: str | None = None
    is_freed: bool = False
    next_round: int = 1

    @property
    def is_final(self) -> bool:
        """Never decided afresh in this round."""
        return self.decision in FINAL_DECISIONS and not self.is_freed

    @property
    def has_won(self) -> bool:
        """Holds its place in arbitration: there is a message for it, or it was held out of one."""
        return self.decision in (Decision.ENQUEUED, Decision.HELD_OUT) and not self.is_freed


@dataclass
class Load:
    """Messages of each identity by planned day, held-out touches counted as messages. Grows as a run decides."""

    days: dict[UUID, Counter[tuple[date, Purpose, str]]] = field(default_factory=dict)

    def add(self, identity: UUID, day: date, purpose: Purpose, campaign_id: str, count: int = 1) -> None:
        """Count messages of an identity on a shop-local day."""
        self.days.setdefault(identity, Counter())[day, purpose, campaign_id] += count

    def by_day(
        self, identity: UUID, *, purpose: Purpose | None = None, campaign_id: str | None = None
    ) -> Counter[date]:
        """Messages a day, of one purpose or campaign, or of all."""
        found: Counter[date] = Counter()
        for (day, of_purpose, of_campaign), count in self.days.get(identity, Counter()).items():
            if purpose in (None, of_purpose) and campaign_id in (None, of_campaign):
                found[day] += count
        return found


@dataclass(frozen=True)
class Known:
    """All of it.

    Attributes:
        addresses: customer id -> channel -> the contact point to use.
        locales: customer id -> locale as the member list has it.
        touches: decided before, by key; of these very candidates and their following steps, whoever the identity. Of a
            person of several identities the touch that speaks.
        also_taken: addresses of those touches of theirs that do not.
        covered: order or parcel -> the touch that covers it now.
        load: messages around the planned days.
        draws: (campaign, identity) -> the draw stored at the first decision; of a merged person the smaller.
    """

    addresses: Mapping[str, Mapping[Channel, Address]] = field(default_factory=dict)
    locales: Mapping[str, str] = field(default_factory=dict)
    touches: Mapping[TouchKey, Touch] = field(default_factory=dict)
    covered: Mapping[CoverKey, TouchKey] = field(default_factory=dict)
    load: Load = field(default_factory=Load)
    draws: Mapping[tuple[str, UUID], float] = field(default_factory=dict)
    also_taken: Mapping[AddressKey, UUID] = field(default_factory=dict)

    def round_of(self, candidate: Candidate) -> int:
        """Which round of its touch a decision about a candidate is of."""
        before = self.touches.get(touch_key(candidate))
        return 1 if before is None else before.next_round

    @property
    def taken(self) -> dict[AddressKey, UUID]:
        """Addresses that touches enqueued or held out have taken, and by whom."""
        speaking = {
            (campaign, step, occasion, touch.address_hash): identity
            for (campaign, step, occasion, identity), touch in self.touches.items()
            if touch.address_hash is not None and touch.has_won
        }
        return {**self.also_taken, **speaking}
