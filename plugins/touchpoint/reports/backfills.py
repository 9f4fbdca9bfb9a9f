"""What recomputes of a DAG found, date by date: the same, or what differs and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from touchpoint.db import Transaction


@dataclass(frozen=True)
class Recomputed:
    """A campaign at one instant, its newest recomputation.

    Attributes:
        as_of: the instant looked from, aware.
        times: how often it was recomputed in all.
        ledger_candidates, ledger_enqueued: what the ledger says; None where nothing was decided then.
        differs_by: of `data`, `config`, `code`, `no_ledger`; empty: it came to what the ledger says.
        detail: see the column's comment in include/sql/schema/0014_recomputations.sql.
    """

    realm: str
    shop_id: str
    as_of: datetime
    run_id: str
    campaign_id: str
    times: int
    candidates: int
    enqueued: int
    ledger_candidates: int | None
    ledger_enqueued: int | None
    differs_by: list[str]
    detail: dict[str, Any]
    computed_real_at: datetime

    @property
    def is_same(self) -> bool:
        """Whether there was something to compare with, and it came to the same."""
        return not self.differs_by

    def told(self) -> str:
        """What differs, in one line of plain text; empty if nothing does."""
        return "; ".join(_told(cause, self.detail) for cause in self.differs_by)


def recomputed(tx: Transaction, dag_id: str, since: datetime, until: datetime) -> list[Recomputed]:
    """Every instant of a DAG in [since, until) that was recomputed, the newest first."""
    return [
        Recomputed(
            realm=row["realm"],
            shop_id=row["shop_id"],
            as_of=row["as_of"],
            run_id=row["run_id"],
            campaign_id=row["campaign_id"],
            times=row["times"],
            candidates=row["candidate_count"],
            enqueued=row["enqueued"] or 0,
            ledger_candidates=row["ledger_candidates"],
            ledger_enqueued=row["ledger_enqueued"],
            differs_by=list(row["differs_by"]),
            detail=row["detail"],
            computed_real_at=row["computed_real_at"],
        )
        for row in tx.many("reports/recomputed_dates", dag_id=dag_id, since=since, until=until)
    ]


def totals(found: Iterable[Recomputed]) -> dict[str, int]:
    """How many came to the same, and how many differ by each cause; one with two causes counts for both."""
    counted: Counter[str] = Counter({"same": 0, "data": 0, "config": 0, "code": 0, "no_ledger": 0})
    for each in found:
        counted.update(each.differs_by or ["same"])
    return dict(counted)


def _told(cause: str, detail: dict[str, Any]) -> str:
    if cause == "config":
        keys = ", ".join(f"{key['key']} {key['then'] or '–'} → {key['now'] or '–'}" for key in detail.get("config", []))
        return f"config: {keys or 'the file, in its comments or order alone'}"
    if cause == "code":
        return f"code: {', '.join(detail.get('code', [])) or 'the audience statement'}"
    if cause == "data":
        of_then = _counted(detail.get("audience", {}))
        return f"data: {of_then or 'facts corrected since: ' + _counted(detail.get('corrections', {}))}"
    return "nothing was decided at that instant"


def _counted(changes: dict[str, Any]) -> str:
    words = (("only_then", "only then"), ("only_now", "only now"), ("changed", "changed"))
    counted = ", ".join(f"{changes[key]:,} {word}" for key, word in words if changes.get(key))
    occasions = ", ".join(changes.get("occasions", []))
    return f"{counted} ({occasions})" if counted and occasions else counted
