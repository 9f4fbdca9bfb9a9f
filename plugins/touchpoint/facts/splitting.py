"""The last net: when the database refuses a batch, its parts are tried, until the lines that it refuses stand alone.

The gate knows every rule of columns, so this is for what nobody thought of. Each try is undone whole if it fails; a
line refused by itself is quarantined as `unloadable`, with the column where the database names it; the others load.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from touchpoint.db import Json, Refusal, Transaction, refusal_of
from touchpoint.facts.contacts import Given
from touchpoint.facts.landing import relation_of

UNLOADABLE = "unloadable"

LoadLines = Callable[[Transaction, Given], tuple[int, int]]
"""Loads the lines of a batch that are landed; how many it loaded, and how many newer versions superseded."""

_log = logging.getLogger(__name__)


def load_what_loads(tx: Transaction, given: Given, load_lines: LoadLines) -> tuple[int, int]:
    """Load a batch whole or, where the database refuses it, all of it but the lines it refuses.

    Returns:
        Lines loaded and superseded.
    """
    refusal = _refused(tx, given, load_lines)
    if isinstance(refusal, tuple):
        return refusal
    batch = given.batch
    _log.warning("the database refused batch %s (%s), SQLSTATE %s", batch.batch_id, batch.entity, refusal.state)
    return _load_in_parts(tx, given, load_lines)


def _refused(tx: Transaction, given: Given, load_lines: LoadLines) -> tuple[int, int] | Refusal:
    try:
        with tx.savepoint():
            return load_lines(tx, given)
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        return refusal


def _load_in_parts(tx: Transaction, given: Given, load_lines: LoadLines) -> tuple[int, int]:
    batch = {"batch_id": given.batch.batch_id, "relation": relation_of(given.batch.entity)}
    aside = {"aside": f"lines_aside_{given.batch.batch_id}"}
    tx.do("load/lay_lines_aside", **batch, **aside)
    lines = [line for (line,) in tx.tuples("load/lines_aside", **aside)]
    tx.count("load/take_lines_out", **batch)

    def load_some(lines_tried: list[int], number: int) -> tuple[int, int] | Refusal:
        def put_back_and_load(tx: Transaction, part: Given) -> tuple[int, int]:
            tx.count("load/put_lines_back", relation=batch["relation"], lines=lines_tried, **aside)
            done = load_lines(tx, part)
            tx.count("load/take_lines_out", **batch)
            return done

        return _refused(tx, replace(given, part=number), put_back_and_load)

    loaded = superseded = tried = 0
    unloadable: dict[int, Refusal] = {}
    waiting = _halves(lines)
    while waiting:
        part, tried = waiting.pop(), tried + 1
        done = load_some(part, tried)
        if isinstance(done, tuple):
            loaded, superseded = loaded + done[0], superseded + done[1]
        elif len(part) == 1:
            unloadable[part[0]] = done
        else:
            waiting += _halves(part)
    tx.count(
        "load/put_lines_back",
        relation=batch["relation"],
        lines=[line for line in lines if line not in unloadable],
        **aside,
    )
    for line, refusal in unloadable.items():
        _quarantine(tx, given.batch.batch_id, line, refusal, **aside)
    return loaded, superseded


def _halves(lines: list[int]) -> list[list[int]]:
    """The second half first: parts are taken from the end, so that lines are tried in their order."""
    half = len(lines) // 2
    return [part for part in (lines[half:], lines[:half]) if part]


def _quarantine(tx: Transaction, batch_id: int, line_no: int, refusal: Refusal, *, aside: str) -> None:
    columns = [refusal.column] if refusal.column else []
    if not columns and refusal.constraint:
        found = tx.tuples("load/columns_of_constraint", constraint=refusal.constraint)
        columns = [name for (name,) in found if name != "shop_id"]
    tx.count(
        "load/quarantine_unloadable",
        batch_id=batch_id,
        line_no=line_no,
        aside=aside,
        columns_by_reason=Json({UNLOADABLE: columns}),
    )
