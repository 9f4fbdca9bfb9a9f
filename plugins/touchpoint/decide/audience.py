"""Audiences: asking a campaign's statement who is a candidate as of an instant, and storing the answer with hashes."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any

from touchpoint import statements
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json, Row, Transaction
from touchpoint.decide import taught
from touchpoint.decide.given import Derived, available, configured_values, with_values
from touchpoint.errors import ConfigError, LedgerError
from touchpoint.model import Candidate, Mode, Run
from touchpoint.settings import Segments, Shop, content_hash

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


@dataclass(frozen=True)
class Audience:
    """What a campaign's statement answered, and the hashes by which a recompute names differences.

    Attributes:
        audience_hash: of the candidates, in a stable order: differs by `data` if nothing below differs.
        campaign_hash: of the campaign file; with `parameter_hash`, a difference by `config`.
        statement_hash: of the audience statement: a difference by `code`.
        configured: what the statement was given of the configuration, by parameter; `parameter_hash` is of it.
    """

    campaign_id: str
    candidate_count: int
    audience_hash: str
    campaign_hash: str
    statement_hash: str
    parameter_hash: str
    candidates: tuple[Candidate, ...] = ()
    configured: Mapping[str, object] = field(default_factory=dict)


def ask(
    tx: Transaction,
    *,
    run: Run,
    shop: Shop,
    campaign: Campaign,
    relation: str,
    segments: Segments,
    derived: Derived | None = None,
    logistics: Mapping[str, Any] | None = None,
    configured: Mapping[str, object] | None = None,
) -> Audience:
    """Run a campaign's audience statement as of the run's instant; nothing is written.

    Args:
        tx: an open transaction.
        run: the run that asks.
        shop: its shop.
        campaign: the campaign; its statement takes what it needs of `available`.
        relation: the customer features to look at: stored, or the run's own.
        segments: thresholds and rules of config/segments.yaml.
        derived: of the same instant as `relation`; without it no statement may ask for series or rfm.
        logistics: the shop's norms of config/logistics.yaml; without them no statement may ask for them.
        configured: values to ask with in place of today's configuration (`Audience.configured` of another time).

    Raises:
        ConfigError: the statement wants a parameter nobody gives, or returns a step or variant the campaign file has
            not.
        LedgerError: it returns two rows for one touch.
    """
    name = f"audiences/{campaign.audience.statement}"
    statement = statements.load(name)
    given = available(
        run=run,
        shop=shop,
        campaign=campaign,
        relation=relation,
        segments=segments,
        derived=derived,
        logistics=logistics,
    )
    unknown = sorted(set(statement.params) - set(given))
    if unknown:
        raise ConfigError(
            f"wants {', '.join(unknown)}", place=f"include/sql/{name}.sql", remedy=f"use: {', '.join(given)}"
        )
    given = {key: given[key] for key in statement.params}
    asked_with = configured_values(given, segments)
    lessons = derived.lessons if derived else None
    given, versions = taught.put_in(with_values(given, configured or {}), lessons, configured)
    if versions := {**versions, **campaign.versions}:
        asked_with[taught.KEY] = versions
    rows = tx.many(name, **{key: value() if callable(value) else value for key, value in given.items()})
    answered = sorted((_candidate(campaign, row) for row in rows), key=_key)
    twice = len(answered) - len({_key(candidate) for candidate in answered})
    if twice:
        raise LedgerError(
            f"{twice} candidates come twice",
            place=f"include/sql/{name}.sql",
            remedy="return one row per step, occasion and identity",
        )
    candidates = _as_persons(tx, run, answered)
    return Audience(
        campaign_id=campaign.id,
        candidate_count=len(candidates),
        audience_hash=audience_hash(candidates),
        campaign_hash=campaign.file_hash,
        statement_hash=statement.digest,
        parameter_hash=content_hash(asked_with),
        candidates=candidates,
        configured=asked_with,
    )


def store(
    tx: Transaction,
    *,
    run: Run,
    shop: Shop,
    campaign: Campaign,
    relation: str,
    segments: Segments,
    derived: Derived | None = None,
    logistics: Mapping[str, Any] | None = None,
) -> Audience:
    """Ask, and store the answer for this run, in place of an earlier one of the same run.

    A run in mode `recompute` stores nothing: what it was stored with when it sent is what it will be compared with.

    Raises:
        ConfigError, LedgerError: see `ask`.
    """
    audience = ask(
        tx,
        run=run,
        shop=shop,
        campaign=campaign,
        relation=relation,
        segments=segments,
        derived=derived,
        logistics=logistics,
    )
    if run.mode == Mode.RECOMPUTE:
        return audience
    tx.do("decide/lock_audience", run_no=run.run_no, campaign_id=campaign.id)
    tx.count("decide/store_campaign_version", file_hash=campaign.file_hash, campaign_id=campaign.id, body=campaign.body)
    tx.count(
        "decide/store_parameter_version", parameter_hash=audience.parameter_hash, body=Json(dict(audience.configured))
    )
    tx.count("decide/clear_audience", run_no=run.run_no, campaign_id=campaign.id)
    tx.count(
        "decide/store_audience",
        run_no=run.run_no,
        campaign_id=campaign.id,
        candidate_count=audience.candidate_count,
        audience_hash=audience.audience_hash,
        campaign_hash=audience.campaign_hash,
        statement_hash=audience.statement_hash,
        parameter_hash=audience.parameter_hash,
    )
    tx.copy_in(RELATION, COLUMNS, _csv(run.run_no, audience.candidates))
    return audience


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
