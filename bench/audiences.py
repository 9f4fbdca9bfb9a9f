"""Who is due, asked of 10M orders and of the last 1M of them: pages touched, which no cache and no neighbour changes.

Both shops have the same open orders and parcels, and the answers are compared customer by customer. The statements are
the shipped ones, with the shipped parameters, at the head.
"""

from __future__ import annotations

import json
from typing import Any

from tests.faults.server import own_database, own_server

from bench import Row, agree
from bench.landing import shop
from bench.many_orders import AS_OF, make
from touchpoint import statements
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide.given import available
from touchpoint.model import Cadence, Mode, Run
from touchpoint.record.refresh import FEATURES
from touchpoint.settings import SourceConfig, load_logistics, load_segments

ORDERS, AIM = 10_000_000, 1.05
CAMPAIGNS = ("unpaid_reminder", "delayed_shipment", "late_dispatch")


def run(size: int | None = None) -> list[Row]:
    """The due audiences of a shop of `size` orders, beside those of one that has the last tenth of them."""
    size = size or ORDERS
    with own_server() as server, own_database(server) as whole, own_database(server) as last:
        _fill(whole, total=size, last=size)
        _fill(last, total=size, last=size // 10)
        rows = []
        for campaign in map(load_campaigns().by_id.__getitem__, CAMPAIGNS):
            (touched, found), (baseline, expected) = _ask(whole, campaign), _ask(last, campaign)
            agree(f"{campaign.id}: who is due", found, expected)
            what = f"{campaign.id}: {len(found):,} due of {size:,} orders"
            rows.append(Row(what, f"of the last {size // 10:,}", touched, baseline, AIM, unit="pages"))
            rows.append(Row(what, "a scan of all orders", touched, _pages(whole), unit="pages"))
        return rows


def _fill(db: Database, *, total: int, last: int) -> None:
    with db.transaction() as tx:
        make(tx, total=total, last=last)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM")  # index-only scans, as on a server that has been running


def _ask(db: Database, campaign: Campaign) -> tuple[int, list[str]]:
    """Pages touched by the campaign's audience statement, read before or not, and whom it returns."""
    name = f"audiences/{campaign.audience.statement}"
    statement = statements.load(name)
    given = _given(campaign)
    with db.transaction() as tx:
        found = sorted(row["customer_id"] for row in tx.many(name, **{key: given[key] for key in statement.params}))
        return _touched(tx, statement, given), found


def _touched(tx: Transaction, statement: statements.Statement, given: dict[str, Any]) -> int:
    text, values = statement.bind({key: given[key] for key in statement.params})
    tx.connection.exec_driver_sql("SET LOCAL max_parallel_workers_per_gather = 0")  # each worker would add its own
    explained = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", values).scalar()
    plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _given(campaign: Campaign) -> dict[str, Any]:
    own = shop()
    parcels = SourceConfig(adapter="files", connection="none")
    own = own.model_copy(update={"sources": {**own.sources, "shipment": parcels}})
    asking = Run(
        run_no=1,
        realm="live",
        shop_id=own.id,
        dag_id="bench",
        run_id="bench",
        cadence=Cadence.INTRADAY,
        run_type="manual",
        as_of=AS_OF,
        mode=Mode.SEND,
        is_at_head=True,
    )
    rules = load_logistics().rules(own)
    return available(
        run=asking, shop=own, campaign=campaign, relation=FEATURES, segments=load_segments(), logistics=rules
    )


def _pages(db: Database) -> int:
    with db.transaction() as tx:
        return int(tx.connection.exec_driver_sql("SELECT pg_relation_size('facts.orders') / 8192").scalar() or 0)
