"""Bringing a shop's worklists to an instant: tasks are opened while their statement returns them, else withdrawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from touchpoint import statements
from touchpoint.db import Json, Row, Transaction
from touchpoint.errors import ConfigError, LedgerError
from touchpoint.model import Mode, Run
from touchpoint.worklists.kinds import written_kinds

PAGE = 5_000
"""Rows in one statement: a few megabytes of it."""


def refresh(tx: Transaction, *, run: Run, given: Mapping[str, object]) -> Counter[str]:
    """Open, keep up to date and withdraw the tasks of a shop as of a run's instant.

    A task a person has done stays done. A run that looks from before the last one changes nothing.

    Args:
        tx: the transaction decide works in.
        run: in mode `send`.
        given: what a statement may ask for, by parameter name.

    Returns:
        opened (or changed), withdrawn.

    Raises:
        LedgerError: the run recomputes.
        ConfigError: a statement wants a parameter nobody gives, or returns a task twice.
    """
    if run.mode != Mode.SEND:
        raise LedgerError("a run in mode recompute opens no task", place=run.run_id, remedy="start a fresh run")
    done: Counter[str] = Counter(opened=0, withdrawn=0)
    if not tx.count("tasks/advance", realm=run.realm, shop_id=run.shop_id, as_of=run.as_of):
        return done
    for kind in written_kinds():
        rows = _ask(tx, kind, given)
        keys = {"realm": run.realm, "shop_id": run.shop_id, "kind": kind, "as_of": run.as_of}
        done["withdrawn"] += tx.count(
            "tasks/withdraw",
            subject_ids=[row["subject_id"] for row in rows],
            reasons=[row["reason"] for row in rows],
            **keys,
        )
        for start in range(0, len(rows), PAGE):
            page = [{key: _plain(value) for key, value in row.items()} for row in rows[start : start + PAGE]]
            done["opened"] += tx.count("tasks/open", run_no=run.run_no, rows=Json(page), **keys)
    return done


def _ask(tx: Transaction, kind: str, given: Mapping[str, object]) -> list[Row]:
    name = f"worklists/{kind}"
    params = statements.load(name).params
    unknown = sorted(set(params) - set(given))
    if unknown:
        raise ConfigError(
            f"wants {', '.join(unknown)}", place=f"include/sql/{name}.sql", remedy=f"use: {', '.join(sorted(given))}"
        )
    rows = tx.many(name, **{key: given[key] for key in params})
    twice = len(rows) - len({(row["subject_id"], row["reason"]) for row in rows})
    if twice:
        raise ConfigError(
            f"{twice} tasks come twice", place=f"include/sql/{name}.sql", remedy="return one row per subject and reason"
        )
    return rows


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
