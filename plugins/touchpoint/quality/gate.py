"""The quality gate: judges pending batches, keeps the verdict, and holds back what broke a rule.

It alone writes ledger.gate. Absent means not passed, and nothing of that run is claimable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from touchpoint.clock import real_now
from touchpoint.db import Json, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.model import Entity
from touchpoint.quality.judge import run_suites, try_out
from touchpoint.quality.quarantine import masked
from touchpoint.quality.suites import Batch, Finding, Thresholds, failing_params, load_thresholds
from touchpoint.settings import CONFIG_ROOT

__all__ = [
    "Finding",
    "check",
    "findings",
    "judge",
    "keep_verdicts",
    "quarantine_rows",
    "record",
    "reject",
    "release",
    "show",
]


def judge(
    url: str, shop_id: str, batches: Sequence[Batch], as_of: datetime, *, thresholds: Thresholds | None = None
) -> list[Finding]:
    """Judge pending batches of a shop by the expectations of their entity, inside the database.

    Nothing is written. Freshness is judged by the real clock, everything else as of the extraction that landed a batch,
    so that a batch judged again later is judged alike.
    """
    del as_of  # every batch knows its own
    return run_suites(url, shop_id, batches, thresholds or load_thresholds(), real_now())


def check(url: str, config: Path = CONFIG_ROOT) -> None:
    """Refuse a config/quality.yaml by which no batch could be judged.

    Raises:
        ConfigError: naming the key, and what the library or the database says.
    """
    try_out(url, load_thresholds(config).expectations)


def record(tx: Transaction, run_no: int, findings: Iterable[Finding]) -> bool:
    """Write what was found as the run's gate row and the verdict of each batch; True if the gate is passed.

    Without findings there was nothing to judge, and the gate is passed.
    """
    found = list(findings)
    is_passed = keep_verdicts(tx, found)
    state = "passed" if is_passed else "failed"
    tx.count("load/record_gate", run_no=run_no, state=state, detail=Json([asdict(finding) for finding in found]))
    return is_passed


def keep_verdicts(tx: Transaction, findings: Iterable[Finding]) -> bool:
    """Write the verdict of each batch, no run's gate; True if all are passed."""
    found = list(findings)
    failed = {finding.batch_id for finding in found if finding.severity == "critical" and not finding.success}
    for verdict, batches in (("failed", failed), ("passed", {finding.batch_id for finding in found} - failed)):
        tx.count("load/record_verdict", batch_ids=sorted(batches), verdict=verdict)
    return not failed


def findings(tx: Transaction, run_no: int) -> list[Finding]:
    """What the gate found in a run, as it was recorded."""
    row = tx.maybe("load/gate_detail", run_no=run_no)
    return [Finding(**finding) for finding in row["detail"]] if row else []


def quarantine_rows(tx: Transaction, batch: Batch, findings: Iterable[Finding]) -> int:
    """Move every line of a batch that broke a row rule into quarantine, with payload and all its reasons.

    The failing lines are found again by the statement the gate judged by, so that no list is ever cut short; if the
    gate found none in this batch, that pass is spared.

    Returns:
        How many lines were quarantined.
    """
    rows = [finding for finding in findings if finding.batch_id == batch.batch_id and finding.severity == "row"]
    if rows and all(finding.success for finding in rows):
        return 0
    return tx.count("load/quarantine_failing", failing="checks/failing", **failing_params(batch))


def show(tx: Transaction, shop_id: str) -> list[dict[str, Any]]:
    """Pending batches of a shop, the verdict on each, and the critical rules that failed when it was last judged.

    `broken`: the row rules its lines break now: reason, columns, lines, and the first line with its masked cells.
    """
    return [{**row, "broken": _broken(tx, row)} for row in tx.many("load/gate_show", shop_id=shop_id)]


def _broken(tx: Transaction, row: dict[str, Any]) -> list[dict[str, Any]]:
    batch = _Shown(row["batch_id"], Entity(row["entity"]), row["as_of"], row["verdict"])
    found = tx.many("checks/examples", failing="checks/failing", **failing_params(batch))
    return [
        {
            **{name: each[name] for name in ("reason", "columns", "lines", "line_no")},
            "example": {name: masked(name, each["payload"][name]) for name in each["columns"]},
        }
        for each in found
    ]


@dataclass(frozen=True)
class _Shown:
    batch_id: int
    entity: Entity
    as_of: datetime
    verdict: str | None


def release(tx: Transaction, batch_id: int, who: str, note: str) -> None:
    """Let a held-back batch pass: the next run at the head loads it; its bad rows are quarantined all the same.

    Raises:
        TouchpointError: no such pending batch, or no note.
    """
    _settle(tx, batch_id, "released", who, note)


def reject(tx: Transaction, batch_id: int, who: str, note: str) -> None:
    """Refuse a batch: it goes to quarantine whole.

    Raises:
        TouchpointError: no such pending batch, or no note.
    """
    entity = _settle(tx, batch_id, "rejected", who, note)
    tx.count("load/quarantine_batch", batch_id=batch_id, relation=f"landing.{entity}")
    tx.count("load/reject_batch", batch_id=batch_id)


def _settle(tx: Transaction, batch_id: int, verdict: str, who: str, note: str) -> str:
    if not note.strip():
        raise TouchpointError("no note", place=f"batch {batch_id}", remedy="say why, for whoever reads it later")
    batch = tx.maybe("load/pending_batch", batch_id=batch_id)
    if batch is None:
        raise TouchpointError("no such pending batch", place=f"batch {batch_id}", remedy="see `touchpoint gate show`")
    tx.do("load/lock_ingest", shop_id=batch["shop_id"])
    if not tx.count("load/settle_batch", batch_id=batch_id, verdict=verdict, who=who, note=note.strip()):
        raise TouchpointError("it was loaded meanwhile", place=f"batch {batch_id}", remedy="nothing is left to do")
    return str(batch["entity"])
