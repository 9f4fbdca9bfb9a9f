"""Candidates: what an audience statement's rows say, as persons; their hash, and their rows in the ledger."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Row, Transaction
from touchpoint.errors import ConfigError, LedgerError
from touchpoint.model import Candidate, Run

RELATION = "ledger.candidate"
COLUMNS = (
    "run_no",
    "campaign_id",
    "step",
    "occasion",
    "identity",
    "customer_id",
    "not_before",
    "not_after",
    "covers",
    "exclude_reason",
    "stage",
    "variant",
)


def candidates_of(tx: Transaction, run: Run, campaign: Campaign, rows: Iterable[Row]) -> tuple[Candidate, ...]:
    """The candidates a campaign's statement returned, by who they are as of the run's instant, in a stable order.

    Raises:
        ConfigError: a row has a step or a variant the campaign file has not.
        LedgerError: two rows are one touch.
    """
    answered = sorted((_candidate(campaign, row) for row in rows), key=_key)
    twice = len(answered) - len({_key(candidate) for candidate in answered})
    if twice:
        raise LedgerError(
            f"{twice} candidates come twice",
            place=f"include/sql/audiences/{campaign.audience.statement}.sql",
            remedy="return one row per step, occasion and identity",
        )
    return _as_persons(tx, run, answered)


def audience_hash(candidates: Iterable[Candidate]) -> str:
    """SHA-256, hex, of the candidates whatever order they come in; instants in UTC."""
    digest = hashlib.sha256()
    for candidate in sorted(candidates, key=_key):
        fields = (
            candidate.campaign_id,
            candidate.step,
            candidate.occasion,
            candidate.identity,
            candidate.customer_id,
            candidate.not_before.astimezone(UTC).isoformat(),
            candidate.not_after.astimezone(UTC).isoformat(),
            candidate.covers,
            candidate.exclude_reason,
            candidate.stage,
            candidate.variant,
        )
        digest.update(repr(tuple(str(value) for value in fields)).encode())
    return digest.hexdigest()


def candidate_from_row(row: Row) -> Candidate:
    """A candidate as the ledger has it."""
    return Candidate(**{**row, "covers": tuple(row["covers"])})


def write_candidates(tx: Transaction, run_no: int, candidates: Iterable[Candidate]) -> None:
    """Store a run's candidates in the ledger."""
    tx.copy_in(RELATION, COLUMNS, _csv(run_no, candidates))


def _as_persons(tx: Transaction, run: Run, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The candidates by who they are as of the run's instant, in their stable order.

    Of two rows that are one person's after all, the one with a reason to leave them out speaks.
    """
    merged = {row["identity"]: row["survivor"] for row in tx.many("decide/persons", as_of=run.as_of)}
    persons: dict[tuple[str, str, str], Candidate] = {}
    for candidate in candidates:
        person = replace(candidate, identity=merged.get(candidate.identity, candidate.identity))
        before = persons.get(_key(person))
        if before is None or (before.exclude_reason is None and person.exclude_reason):
            persons[_key(person)] = person
    return tuple(sorted(persons.values(), key=_key))


def _candidate(campaign: Campaign, row: Row) -> Candidate:
    starts = {step.id for step in campaign.steps if step.after is None}
    if row["step"] not in starts:
        raise ConfigError(
            f"returns step {row['step']!r}",
            place=f"include/sql/audiences/{campaign.audience.statement}.sql",
            remedy=f"return one of: {', '.join(sorted(starts))} (a step with `after` follows by itself)",
        )
    if row.get("variant") not in (None, *campaign.template_variants):
        named = ", ".join(filter(None, campaign.template_variants)) or "none"
        raise ConfigError(
            f"returns variant {row['variant']!r}",
            place=f"include/sql/audiences/{campaign.audience.statement}.sql",
            remedy=f"return one the campaign file names: {named}",
        )
    return candidate_from_row({**row, "campaign_id": campaign.id})


def _key(candidate: Candidate) -> tuple[str, str, str]:
    return candidate.step, candidate.occasion, str(candidate.identity)


def _csv(run_no: int, candidates: Iterable[Candidate]) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
    for candidate in candidates:
        values = [run_no, *(getattr(candidate, column) for column in COLUMNS[1:])]
        values[COLUMNS.index("covers")] = _array(candidate.covers)
        writer.writerow(values)
    return io.BytesIO(text.getvalue().encode())


def _array(values: Iterable[str]) -> str:
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"
