"""The people's side of a worklist: what is to be done, and what came of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from touchpoint.db import Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.render.mask import star_addresses
from touchpoint.worklists.kinds import OUTCOMES

STATES = ("open", "done", "withdrawn")
PAGE_SIZE = 50
NOTE_LENGTH = 500
CSV_COLUMNS = (
    "task_id", "kind", "subject_id", "customer_id", "reason", "due_at", "opened_as_of", "state", "outcome", "note",
    "who", "closed_at",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Page:
    """A page of a worklist.

    Attributes:
        rows: of include/sql/tasks/list.sql.
        matching: tasks in all the pages.
        counts: kind -> state -> tasks, whatever was asked for.
    """

    rows: list[Row]
    matching: int
    number: int
    counts: dict[str, dict[str, int]]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.matching // PAGE_SIZE))


def page(
    tx: Transaction, *, realm: str, shop_id: str, kind: str | None = None, state: str | None = "open", number: int = 1
) -> Page:
    """One page of a shop's tasks; a number past the end gives the last page."""
    counts: dict[str, dict[str, int]] = {}
    for row in tx.many("tasks/counts", realm=realm, shop_id=shop_id):
        counts.setdefault(row["kind"], {})[row["state"]] = row["tasks"]
    matching = sum(
        tasks
        for of_kind, states in counts.items()
        for of_state, tasks in states.items()
        if kind in (None, of_kind) and state in (None, of_state)
    )
    number = min(max(1, number), max(1, -(-matching // PAGE_SIZE)))
    after = (number - 1) * PAGE_SIZE
    rows = tasks(tx, realm=realm, shop_id=shop_id, kind=kind, state=state, most=PAGE_SIZE, after=after)
    return Page(rows, matching, number, counts)


def tasks(
    tx: Transaction,
    *,
    realm: str,
    shop_id: str,
    kind: str | None = None,
    state: str | None = "open",
    most: int | None = None,
    after: int = 0,
) -> list[Row]:
    """Tasks of a shop, the oldest open one first; of every kind or state with None."""
    return tx.many("tasks/list", realm=realm, shop_id=shop_id, kind=kind, state=state, most=most, after=after)


def close(tx: Transaction, *, task_id: int, shop_id: str, outcome: str, note: str, who: str, at: datetime) -> Row:
    """Record what came of a task.

    Args:
        tx: an open transaction.
        task_id: its number.
        shop_id: whose it must be.
        outcome: one of OUTCOMES.
        note: free text; what looks like an address in it is starred, because notes are shown on pages.
        who: records it.
        at: business time.

    Returns:
        The task as it is now.

    Raises:
        TouchpointError: no such task or outcome, or somebody recorded an outcome before.
    """
    if outcome not in OUTCOMES:
        raise TouchpointError(f"no outcome {outcome!r}", place="worklist", remedy=f"one of: {', '.join(OUTCOMES)}")
    closed = tx.count(
        "tasks/close",
        task_id=task_id,
        shop_id=shop_id,
        outcome=outcome,
        note=tidy_note(note) or None,
        who=who,
        at=at,
    )
    found = tx.maybe("tasks/one", task_id=task_id)
    if found is None or found["shop_id"] != shop_id:
        raise TouchpointError(f"no task {task_id}", place=f"worklist of shop {shop_id}", remedy="see the worklist")
    if not closed:
        raise TouchpointError(
            f"task {task_id} was done by {found['who']} before: {found['outcome']}",
            place=f"worklist of shop {shop_id}",
            remedy="talk to them; what they recorded stands",
        )
    return found


def tidy_note(note: str) -> str:
    """A note on one line, not too long, with everything that looks like a phone number or an e-mail starred."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in note).split())
    return star_addresses(plain)[:NOTE_LENGTH]


def as_csv(rows: Iterable[Row], zone: ZoneInfo) -> str:
    """Tasks as CSV with a byte order mark, as spreadsheets want it: ids alone, and no cell that one would compute.

    Instants are in the zone given, the shop's: 2026-11-22T10:30:00+08:00.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows([_cell(row[name], zone) for name in CSV_COLUMNS] for row in rows)
    return "\ufeff" + text.getvalue()


def _cell(value: object, zone: ZoneInfo) -> str:
    """A value that stays text: a spreadsheet takes what begins like a formula for one."""
    local = value.astimezone(zone).isoformat() if isinstance(value, datetime) else value
    text = "" if local is None else str(local)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text
