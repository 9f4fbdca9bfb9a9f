"""Audiences: asking a campaign's statement who is a candidate as of an instant, and storing the answer with hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from touchpoint import statements
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json, Transaction
from touchpoint.decide import taught
from touchpoint.decide.candidates import audience_hash, candidates_of, write_candidates
from touchpoint.decide.given import Derived, available, configured_values, with_values
from touchpoint.errors import ConfigError
from touchpoint.model import Candidate, Mode, Run
from touchpoint.settings import Segments, Shop, content_hash


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
    candidates = candidates_of(tx, run, campaign, rows)
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
    write_candidates(tx, run.run_no, audience.candidates)
    return audience
