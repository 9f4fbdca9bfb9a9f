"""A shop whose folder holds nothing yet: its runs go on, and the first export that comes is its history."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from touchpoint import pipeline
from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.model import Cadence
from touchpoint.services import Services
from touchpoint.settings import ConnectionInfo

EXPORT = """订单编号,总金额,买家实际支付金额,收货地址 ,订单创建时间,订单付款时间 ,退款金额
1,178.8,0.0,上海,2020-02-21 00:00:00,,0.0
2,21.0,21.0,浙江省,2020-02-20 23:59:54,2020-02-21 00:00:02,0.0
"""


@pytest.fixture
def services(database: Database, tmp_path: Path) -> Services:
    data = ConnectionInfo(conn_id="replay_data", extra={"folder": str(tmp_path), "sandbox": True})
    own = ConnectionInfo(conn_id="touchpoint", extra={"hash_key": "0" * 64})
    return Services(db=database, resolve={"replay_data": data}.__getitem__, connection=own)


def load(services: Services, at: datetime) -> list[tuple[object, ...]]:
    """Load what is new; (order, since when it is known) of every order then."""
    run_id = f"history__{at.isoformat()}"
    trigger = pipeline.Trigger(
        shop_id="tmall", dag_id="history__tmall", run_id=run_id, cadence=Cadence.INTRADAY, as_of=at
    )
    pipeline.load_history(services, trigger)
    with services.db.transaction() as tx:
        query = "SELECT order_id, known_at FROM facts.orders ORDER BY order_id"
        return [tuple(row) for row in tx.connection.exec_driver_sql(query)]


def test_no_export_yet_fails_no_run_and_the_first_that_comes_is_history(services: Services, tmp_path: Path) -> None:
    now = real_now()
    assert load(services, now - timedelta(hours=1)) == []
    (tmp_path / "tmall_order_report.csv.gz").write_bytes(gzip.compress(EXPORT.encode()))
    known = dict(load(services, now))
    assert {order: at.astimezone(now.tzinfo).year for order, at in known.items()} == {"1": 2020, "2": 2020}  # type: ignore[attr-defined]
