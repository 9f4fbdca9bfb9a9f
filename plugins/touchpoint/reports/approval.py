"""What a marketer who is asked about a campaign is told: how many, in which words, at what cost, and what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from touchpoint.campaigns.version import approval_code
from touchpoint.db import Json, Row, Transaction
from touchpoint.model import Channel
from touchpoint.reports.cost import Cost, cost_from

NOTE_LENGTH = 500
"""Characters of a marketer's note that are kept."""


@dataclass(frozen=True)
class Kind:
    """Messages of one step and channel in the same words.

    Attributes:
        waiting: those that may still go.
        due_from, due_until: from when the first of these may go, and until when the last; None if none waits.
    """

    step: str
    channel: Channel
    template: str
    variant: str | None
    locale: str
    messages: int
    waiting: int
    due_from: datetime | None = None
    due_until: datetime | None = None


@dataclass
class Wording:
    """Messages of one step in the same words, over channels and locales."""

    step: str
    template: str
    variant: str | None
    messages: int = 0
    by_channel: Counter[Channel] = field(default_factory=Counter)
    by_locale: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """Template and variant, as their folder is called."""
        return f"{self.template}.{self.variant}" if self.variant else self.template


@dataclass(frozen=True)
class Question:
    """A question that was asked, and its answer.

    Attributes:
        code: names to people what was asked about.
        cost: as the marketer was told.
        asked_at, expires_at: business time.
        asked_real_at, answered_at: by the real clock; the latter is when Airflow took the answer.
        covers_now: whether what is in the outbox is still what was asked about.
    """

    question: UUID
    asked_at: datetime
    asked_real_at: datetime
    expires_at: datetime
    occasions: int
    first_occasion: str
    messages: int
    code: str
    cost: Cost | None
    answer: str | None
    rejection: str | None
    who: str | None
    answered_at: datetime | None
    note: str | None
    covers_now: bool


@dataclass(frozen=True)
class State:
    """Where the approval of a campaign of a run stands: open, approved, rejected, ended."""

    run_no: int
    dag_id: str
    run_id: str
    shop_id: str
    campaign_id: str
    occasions: int
    first_occasion: str
    messages: int
    waiting: int
    expires_at: datetime
    code: str
    word: str


def kinds(tx: Transaction, run_no: int, campaign_id: str) -> list[Kind]:
    """What a run would send of a campaign."""
    rows = tx.many("reports/approval_kinds", run_no=run_no, campaign_id=campaign_id)
    return [Kind(**{**row, "channel": Channel(row["channel"])}) for row in rows]


def wordings(found: Iterable[Kind]) -> list[Wording]:
    """The same by words alone, those most messages are in first."""
    by_words: dict[tuple[str, str, str | None], Wording] = {}
    for kind in found:
        key = (kind.step, kind.template, kind.variant)
        wording = by_words.setdefault(key, Wording(*key))
        wording.messages += kind.messages
        wording.by_channel[kind.channel] += kind.messages
        wording.by_locale[kind.locale] += kind.messages
    return sorted(by_words.values(), key=lambda wording: (-wording.messages, wording.step, wording.name))


def states(
    tx: Transaction, *, realm: str, shop_id: str, run_nos: list[int] | None, versions: Mapping[str, str], at: datetime
) -> list[State]:
    """The approvals some runs of a shop need, or with None all of them, as they stand at a business instant."""
    found = []
    for row in tx.many(
        "reports/approval_state", realm=realm, shop_id=shop_id, run_nos=run_nos, versions=Json(dict(versions))
    ):
        approved, rejected = row.pop("approved_occasions"), row.pop("rejected_occasions")
        code = approval_code(row.pop("standing_hashes"))
        found.append(State(**row, code=code, word=_word(row, approved, rejected, at)))
    return found


def questions(tx: Transaction, run_no: int, campaign_id: str, standing: str) -> list[Question]:
    """What was asked about a campaign of a run, newest first."""
    found = []
    for row in tx.many("reports/approval_questions", run_no=run_no, campaign_id=campaign_id):
        told, code = row.pop("figures"), approval_code(row.pop("asked_hashes"))
        found.append(Question(**row, code=code, cost=cost_from(told), covers_now=code == standing))
    return found


def _word(row: Row, approved: int, rejected: int, at: datetime) -> str:
    if approved == row["occasions"]:
        return "approved"
    if rejected == row["occasions"]:
        return "rejected"
    return "open" if row["waiting"] and row["expires_at"] > at else "ended"
