"""The figures of one run, typed. Where several statements make one page, open the transaction with `snapshot` first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from touchpoint.db import Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.model import Cadence, Mode, Run

DECISIONS = ("enqueued", "repeated", "held_out", "suppressed", "capped", "outranked", "expired")
"""What becomes of a candidate; together they are the candidates."""
MESSAGE_STATES = ("waiting", "accepted", "rejected", "expired", "cancelled", "unknown")
"""Where a message stands; waiting includes claimed and sending, unknown includes abandoned."""
ROW_FATES = ("loaded", "unchanged", "superseded", "quarantined", "pending")
"""What becomes of a landed row; together they are the rows landed."""


@dataclass(frozen=True)
class RunHead(Run):
    """Which run a report is about. `as_of` is business time; the *_real_at instants are the wall clock's."""

    begun_real_at: datetime
    ended_real_at: datetime | None
    stage_seconds: dict[str, float]
    gate_state: str | None
    judged_real_at: datetime | None


@dataclass(frozen=True)
class Funnel:
    """One campaign's candidates, what was decided, and where the messages stand.

    Attributes:
        decisions: by DECISIONS; their sum is `candidates`.
        reasons: "decision: reason" -> touches.
        messages: by MESSAGE_STATES; their sum is `message_count`.
        message_reasons: "state: reason" -> messages.
    """

    campaign_id: str
    candidates: int
    decisions: dict[str, int]
    reasons: dict[str, int]
    messages: dict[str, int]
    message_reasons: dict[str, int]

    @property
    def message_count(self) -> int:
        """Messages in all."""
        return sum(self.messages.values())


@dataclass(frozen=True)
class EntityCounts:
    """What became of the rows of one entity; the sum of `fates` (by ROW_FATES) is `landed`."""

    entity: str
    landed: int
    fates: dict[str, int]


@dataclass(frozen=True)
class Finding:
    """An expectation that did not hold, over all batches the run judged."""

    entity: str
    rule: str
    severity: str
    batches: int
    failing_rows: int


@dataclass(frozen=True)
class Quarantined:
    """Open quarantined rows with one reason: those the run landed, and all of the shop."""

    entity: str
    reason: str
    of_run: int
    of_shop: int
    oldest_as_of: datetime


@dataclass(frozen=True)
class Pending:
    """Batches of a shop that are landed and not loaded."""

    entity: str
    batches: int
    pending_rows: int
    failed_batches: int
    oldest_as_of: datetime


@dataclass(frozen=True)
class Recomputation:
    """What a recompute found for a campaign, beside the ledger.

    Attributes:
        decisions: as recomputed, by DECISIONS.
        ledger: as decided then, by DECISIONS; None where the ledger has nothing of that as_of.
        differs_by: any of data, config, code, no_ledger; empty: the same.
        computed_real_at: when, by the wall clock.
    """

    campaign_id: str
    candidates: int
    decisions: dict[str, int]
    ledger_candidates: int | None
    ledger: dict[str, int] | None
    differs_by: list[str]
    is_same_audience: bool
    compared_run_id: str | None
    compared_dag_id: str | None
    computed_real_at: datetime


@dataclass(frozen=True)
class RunFigures:
    """Everything a run's report says in numbers."""

    head: RunHead
    funnels: list[Funnel]
    entities: list[EntityCounts]
    judged: int
    held: int
    findings: list[Finding]
    pending: list[Pending]
    quarantine: list[Quarantined]
    quarantined_rows: int
    recomputations: list[Recomputation]
    """What the run found if it recomputed, or what recomputing it since has found if it sent."""
    has_synthetic: bool = False
    stops: list[Row] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def snapshot(tx: Transaction) -> None:
    """Let every statement of the transaction see one moment. Call it first; the transaction can write nothing."""
    tx.do("reports/snapshot")


def find_run(tx: Transaction, dag_id: str, run_id: str) -> int | None:
    """Number of the run behind an Airflow DAG run; None if that run is none of ours or has not begun."""
    row = tx.maybe("reports/find_run", dag_id=dag_id, run_id=run_id)
    return int(row["run_no"]) if row else None


def figures(tx: Transaction, run_no: int) -> RunFigures:
    """The figures of one run.

    Raises:
        TouchpointError: no such run.
    """
    row = tx.maybe("reports/run", run_no=run_no)
    if row is None:
        raise TouchpointError(f"no run {run_no}", place="ledger.run", remedy="name the number of a run that has begun")
    head = RunHead(**{**row, "cadence": Cadence(row["cadence"]), "mode": Mode(row["mode"])})
    judged = tx.one("reports/judged", run_no=run_no)
    return RunFigures(
        head=head,
        funnels=funnels(tx, [run_no]),
        entities=entities(tx, [run_no]),
        judged=judged["judged"],
        held=judged["held"],
        findings=[Finding(**found) for found in tx.many("reports/findings", run_no=run_no)],
        pending=[Pending(**found) for found in tx.many("reports/pending", shop_id=head.shop_id)],
        quarantine=[
            Quarantined(**found) for found in tx.many("reports/quarantine", shop_id=head.shop_id, run_no=run_no)
        ],
        quarantined_rows=tx.one("reports/quarantined", shop_id=head.shop_id)["open_rows"],
        recomputations=[_recomputation(found) for found in tx.many("reports/recomputations", run_no=run_no)],
        has_synthetic=tx.one("reports/synthetic", shop_id=head.shop_id)["has_synthetic"],
        stops=stops_of(tx, head.shop_id),
        elsewhere=elsewhere(tx),
    )


def funnels(tx: Transaction, run_nos: list[int]) -> list[Funnel]:
    """What became of the candidates of some runs, a campaign each, added up; one snapshot."""
    return [
        Funnel(
            campaign_id=row["campaign_id"],
            candidates=row["candidates"],
            decisions={name: row[name] for name in DECISIONS},
            reasons=_by_size(row["reasons"]),
            messages={name: row[f"messages_{name}"] for name in MESSAGE_STATES},
            message_reasons=_by_size(row["message_reasons"]),
        )
        for row in tx.many("reports/funnel", run_nos=run_nos)
    ]


def entities(tx: Transaction, run_nos: list[int]) -> list[EntityCounts]:
    """What became of the rows some runs landed, an entity each, added up."""
    return [
        EntityCounts(entity=row["entity"], landed=row["landed"], fates={name: row[name] for name in ROW_FATES})
        for row in tx.many("reports/entities", run_nos=run_nos)
    ]


def stops_of(tx: Transaction, shop_id: str) -> list[Row]:
    """Stop switches in force that concern a shop: everything, this shop, or a campaign of it or of all shops."""
    return [row for row in tx.many("reports/stops") if row["shop_id"] in (None, shop_id)]


def elsewhere(tx: Transaction) -> list[str]:
    """In what the database does not lie where its installation sends from: while it does not, nothing is sent."""
    rows = tx.many("outbox/environment_differs_by", environment_id=None, **tx.server)
    return [row["difference"] for row in rows]


def _recomputation(row: Row) -> Recomputation:
    has_ledger = row["ledger_candidates"] is not None
    return Recomputation(
        campaign_id=row["campaign_id"],
        candidates=row["candidate_count"],
        decisions={name: int(row["decisions"].get(name, 0)) for name in DECISIONS},
        ledger_candidates=row["ledger_candidates"],
        ledger={name: row[f"ledger_{name}"] for name in DECISIONS} if has_ledger else None,
        differs_by=list(row["differs_by"]),
        is_same_audience=row["is_same_audience"],
        compared_run_id=row["compared_run_id"],
        compared_dag_id=row["compared_dag_id"],
        computed_real_at=row["computed_real_at"],
    )


def _by_size(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(((name, int(count)) for name, count in counts.items()), key=lambda pair: (-pair[1], pair[0])))
