"""Replays a rehearsal shop at past instants: the shop's generated DAGs, run in-process, one instant after another.

Needs Airflow's and Touchpoint's environment (`make replay` and `touchpoint replay` set it). Reads one JSON object,
{"shop", "realm", "runs": [[cadence, instant], ...]}, and prints one.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from touchpoint import pipeline
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.needs import unavailable
from touchpoint.clock import real_now
from touchpoint.errors import TouchpointError
from touchpoint.model import Cadence
from touchpoint.reports.summary import summary, touches
from touchpoint.services import Services, no_run, open_services
from touchpoint.settings import environment_connection, load_shop
from touchpoint.statements import ROOT

Planned = tuple[Cadence, datetime]
"""One run: whose DAG, and the instant it looks from."""


def load_declared_history(services: Services, shop_id: str) -> dict[str, Any]:
    """Ingest a rehearsal's exports whole, as declared history; exports read before are not read again.

    Returns:
        entities of the summary: landed, loaded, unchanged, superseded, quarantined, pending.
    """
    now = real_now()
    trigger = pipeline.Trigger(
        shop_id=shop_id,
        dag_id=f"history__{shop_id}",
        run_id=f"history__{now.isoformat()}",
        cadence=Cadence.INTRADAY,
        as_of=now,
    )
    pipeline.load_history(services, trigger)
    with services.db.transaction() as tx:
        return {row.pop("entity"): row for row in tx.many("reports/entities_of_shop", shop_id=shop_id)}


def replay(services: Services, shop_id: str, realm: str, runs: Iterable[Planned]) -> dict[str, Any]:
    """Run the shop's DAGs, each at its instant, in order.

    Returns:
        by campaign: by_instant (as in run-summary.json) and touches (distinct, by last decision); of one that reads
        facts the shop has no source of, `unavailable` alone: what to connect.

    Raises:
        TouchpointError: a DAG run did not succeed.
    """
    lacking = _unavailable(services, shop_id)
    by_campaign: dict[str, dict[str, Any]] = {}
    for cadence, instant in runs:
        run_no = _run_dag(services, shop_id, realm, cadence, instant)
        with services.db.transaction() as tx:
            figures = summary(tx, [run_no])["campaigns"]
        for campaign_id, found in figures.items():
            if campaign_id in lacking:
                continue
            campaign = by_campaign.setdefault(campaign_id, {"by_instant": {}, "touches": {}})
            campaign["by_instant"][instant.isoformat()] = found
        print(f"  {cadence} {instant.isoformat()}: {_line(figures, lacking)}", file=sys.stderr, flush=True)
    with services.db.transaction() as tx:
        for campaign_id, counts in touches(tx, realm, shop_id).items():
            by_campaign.setdefault(campaign_id, {"by_instant": {}})["touches"] = counts
    return {**by_campaign, **{campaign_id: {"unavailable": why} for campaign_id, why in lacking.items()}}


def _unavailable(services: Services, shop_id: str) -> dict[str, str]:
    """Campaigns that cannot find anybody in the shop, whatever the instant: what it would have to connect."""
    shop = load_shop(shop_id, services.config)
    enabled = [campaign for campaign in load_campaigns(services.config).by_id.values() if campaign.enabled]
    found = {campaign.id: unavailable(campaign, shop) for campaign in enabled}
    return {campaign_id: why for campaign_id, why in found.items() if why}


def _run_dag(services: Services, shop_id: str, realm: str, cadence: Cadence, instant: datetime) -> int:
    dag = _dag(f"touchpoints_{cadence}__{shop_id}", cadence)
    dag_run = dag.test(run_conf={"as_of": instant.isoformat(), "realm": realm})
    if str(dag_run.state) != "success":
        raise TouchpointError(
            f"the run at {instant.isoformat()} ended {dag_run.state}", place=dag.dag_id, remedy="see the output above"
        )
    with services.db.transaction() as tx:
        row = tx.maybe("runs/find_by_id", realm=realm, shop_id=shop_id, dag_id=dag.dag_id, run_id=dag_run.run_id)
    if row is None:
        raise no_run(None)
    return int(row["run_no"])


_BAGS: dict[Cadence, Any] = {}


def _dag(dag_id: str, cadence: Cadence) -> Any:
    if cadence not in _BAGS:
        from airflow.dag_processing.dagbag import DagBag

        _BAGS[cadence] = DagBag(str(ROOT / "dags" / f"touchpoints_{cadence}.py"), bundle_name="dags-folder")
    bag = _BAGS[cadence]
    if dag_id not in bag.dags:
        raise TouchpointError(
            f"no DAG {dag_id}", place="dags/", remedy=f"import errors: {list(bag.import_errors.values()) or 'none'}"
        )
    return bag.dags[dag_id]


def _line(figures: dict[str, Any], lacking: dict[str, str]) -> str:
    return ", ".join(
        f"{campaign_id} unavailable"
        if campaign_id in lacking
        else f"{campaign_id} {found['decisions']['candidates']} candidates, {found['decisions']['enqueued']} enqueued, "
        f"{found['messages']['accepted']} accepted"
        for campaign_id, found in figures.items()
    )


def main() -> int:
    """Load the history, replay what stdin asks for, print the figures as JSON."""
    asked = json.load(sys.stdin)
    shop_id, realm = asked["shop"], asked["realm"]
    runs = [(Cadence(cadence), datetime.fromisoformat(instant)) for cadence, instant in asked["runs"]]
    logging.disable(logging.WARNING)  # Airflow narrates every task of an in-process run
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with open_services(environment_connection) as services:
        shop = load_shop(shop_id)
        entities = load_declared_history(services, shop_id)
        campaigns = replay(services, shop_id, realm, [(cadence, at.astimezone(shop.tz)) for cadence, at in runs])
        with services.db.transaction() as tx:
            has_synthetic = tx.one("reports/synthetic", shop_id=shop_id)["has_synthetic"]
    figures = {"shop": shop_id, "realm": realm, "synthetic_addresses": has_synthetic}
    print(json.dumps({**figures, "entities": entities, "campaigns": campaigns}, ensure_ascii=False, default=str))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
