"""What a cycle came to: var/run-summary.json, and the same figures as tables on the terminal."""

from __future__ import annotations

import json
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from touchpoint.clock import real_now
from touchpoint.db import Database, Transaction
from touchpoint.settings import Shop


def newest_run(database: Database, shop: Shop) -> int:
    """Number of a shop's newest run; 0 before its first."""
    return max(_runs(database, shop), default=0)


def summarise(database: Database, shop: Shop, after: int, seconds: dict[str, float]) -> dict[str, Any]:
    """Figures of a shop's runs after run number `after`, from the ledger, with the seconds each stage took, and with
    what of the shop waits for a marketer's answer (`approvals`).

    Args:
        database: Touchpoint's.
        shop: the shop.
        after: the newest run before the cycle; what the history loaded counts in as well.
        seconds: the launcher's own stages.
    """
    from touchpoint.reports.summary import summary

    runs = [run for run in _runs(database, shop) if run > after]
    with database.transaction() as tx:
        figures: dict[str, Any] = dict(summary(tx, runs))
        figures["approvals"] = _approvals(tx, shop)
    stages = {name: round(float(value), 2) for name, value in {**figures.get("seconds", {}), **seconds}.items()}
    return {**figures, "seconds": stages}


def write(path: Path, figures: dict[str, Any]) -> None:
    """Write var/run-summary.json."""
    path.write_text(json.dumps(figures, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print a summary as tables: what came in, then each campaign from candidate to message."""
    console.print(_table("What came in", "entity", figures.get("entities", {})))
    for name, counts in figures.get("campaigns", {}).items():
        table = Table("decision", "candidates", "message", "messages", title=name, title_justify="left", box=SIMPLE)
        decisions, messages = list(counts["decisions"].items()), list(counts["messages"].items())
        for decision, message in zip_longest(decisions, messages, fillvalue=("", "")):
            table.add_row(*(str(cell) for cell in (*decision, *message)))
        for reason, count in counts["reasons"].items():
            table.add_row(f"[dim]  {reason}[/dim]", f"[dim]{count}[/dim]", "", "")
        console.print(table)
    for asked in figures.get("approvals", []):
        console.print(
            f"{asked['waiting']} messages of {asked['campaign']} wait for the marketer: log in as marketer, "
            f"Touchpoint, look and answer (docs/approve.md)",
            highlight=False,
            soft_wrap=True,
        )


def _approvals(tx: Transaction, shop: Shop) -> list[dict[str, Any]]:
    """What of a shop waits for an answer, whichever run asked."""
    from touchpoint.campaigns.load import load_campaigns
    from touchpoint.campaigns.version import approval_versions
    from touchpoint.reports.approval import states

    versions = approval_versions(load_campaigns().by_id.values())
    found = states(tx, realm=shop.realm, shop_id=shop.id, run_nos=None, versions=versions, at=real_now())
    return [
        {
            "campaign": state.campaign_id,
            "messages": state.messages,
            "waiting": state.waiting,
            "until": state.expires_at.isoformat(),
            "dag_id": state.dag_id,
            "run_id": state.run_id,
        }
        for state in found
        if state.waiting and state.word not in ("approved", "rejected")
    ]


def _table(title: str, first: str, rows: dict[str, dict[str, Any]]) -> Table:
    columns = list(next(iter(rows.values()), {}))
    table = Table(first, *columns, title=title, title_justify="left", box=SIMPLE, padding=(0, 0, 0, 1))
    for name, counts in rows.items():
        table.add_row(name, *(str(counts.get(column, "")) for column in columns))
    return table


def _runs(database: Database, shop: Shop) -> list[int]:
    with database.transaction() as tx:
        return [row["run_no"] for row in tx.many("runs/find", realm=shop.realm, shop_id=shop.id, most=50)]
