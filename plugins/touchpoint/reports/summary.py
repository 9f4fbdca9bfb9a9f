"""The same figures as a plain dict: what var/run-summary.json and `--json` hold."""

from __future__ import annotations

from typing import Any

from touchpoint.db import Transaction
from touchpoint.reports.run import entities, funnels


def summary(tx: Transaction, run_nos: list[int]) -> dict[str, Any]:
    """Figures of some runs added up.

    Returns:
        `campaigns.<id>.decisions` (candidates first), `.messages`, `.reasons`; `entities.<name>` (landed first);
        `seconds.<stage>` as the runs themselves measured it.
    """
    return {
        "campaigns": {
            funnel.campaign_id: {
                "decisions": {"candidates": funnel.candidates, **funnel.decisions},
                "messages": funnel.messages,
                "reasons": funnel.reasons,
            }
            for funnel in funnels(tx, run_nos)
        },
        "entities": {counts.entity: {"landed": counts.landed, **counts.fates} for counts in entities(tx, run_nos)},
        "seconds": {row["stage"]: row["seconds"] for row in tx.many("reports/stage_seconds", run_nos=run_nos)},
    }


def touches(tx: Transaction, realm: str, shop_id: str) -> dict[str, dict[str, int]]:
    """Distinct touches of a shop and realm by their last decision, per campaign.

    Returns:
        Per campaign: decision -> touches, and "decision: reason" -> touches.
    """
    found: dict[str, dict[str, int]] = {}
    for row in tx.many("reports/touches", realm=realm, shop_id=shop_id):
        counts = found.setdefault(row["campaign_id"], {})
        counts[row["decision"]] = counts.get(row["decision"], 0) + row["touches"]
        if row["reason"]:
            counts[f"{row['decision']}: {row['reason']}"] = row["touches"]
    return found
