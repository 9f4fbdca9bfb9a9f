"""A real shop's orders, looked at from past instants: the ledger equals a plain recount from the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.flow.conftest import Flow, services_for
from tests.sandbox_process import running_sandbox

from touchpoint import pipeline
from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.local.templates import register_templates
from touchpoint.model import Cadence
from touchpoint.record.segments import everybody
from touchpoint.reports.summary import summary
from touchpoint.services import Services
from touchpoint.settings import ConnectionInfo, load_segments, load_shop, load_tags
from touchpoint.statements import ROOT

DATA = Path(os.environ.get("TOUCHPOINT_DATA", ROOT.parent / "shared" / "data"))
REPORT = DATA / "tmall_order_report.csv.gz"
INSTANTS = [
    datetime.fromisoformat(f"2020-02-{day}T{hour}:00:00+08:00") for day in (20, 21) for hour in ("02", "10", "14")
]
DELAY, LEAD, CLOSES = timedelta(minutes=30), timedelta(minutes=15), timedelta(hours=24)

pytestmark = pytest.mark.skipif(
    not REPORT.is_file(), reason=f"no {REPORT.name}: set TOUCHPOINT_DATA to the folder of it"
)


@pytest.fixture
def services(database: Database, tmp_path: Path) -> Iterator[Services]:
    with running_sandbox(tmp_path / "sandbox", seed=7) as sandbox:
        made = services_for(database, sandbox)
        data = ConnectionInfo(conn_id="replay_data", extra={"folder": str(DATA), "sandbox": True})
        resolve = {**{n: made.resolve(n) for n in ("sandbox_sms", "sandbox_smtp")}, "replay_data": data}
        register_templates(sandbox.url, load_shop("tmall"))
        yield Services(db=database, resolve=resolve.__getitem__, connection=made.connection)


def trigger(as_of: datetime, realm: str | None = None) -> pipeline.Trigger:
    return pipeline.Trigger(
        shop_id="tmall",
        dag_id="touchpoints_intraday__tmall",
        run_id=f"replay__{as_of.isoformat()}",
        cadence=Cadence.INTRADAY,
        as_of=as_of,
        realm=realm,
    )


def replayed(services: Services, realm: str) -> list[dict]:
    found = []
    for instant in INSTANTS:
        run = pipeline.run_once(services, trigger(instant, realm))
        with services.db.transaction() as tx:
            found.append(summary(tx, [run.run_no])["campaigns"]["unpaid_reminder"])
    return found


def recounted() -> list[tuple[int, int]]:
    """(candidates, enqueued) at each instant, straight from the file: due, open, unpaid, not reminded before."""
    import pandas as pd

    report = pd.read_csv(REPORT).rename(columns=str.strip)
    created, paid = (
        pd.to_datetime(report[name]).dt.tz_localize("Asia/Shanghai") for name in ("订单创建时间", "订单付款时间")
    )
    settled: set[int] = set()
    counts = []
    for instant in INSTANTS:
        is_open = (created + CLOSES > instant) & ~(paid <= instant)
        due = set(report.index[(created + DELAY <= instant) & is_open]) - settled
        # What cannot go before 08:00, or in the last quarter of an hour before it closes, expires.
        legal = instant if instant.hour >= 8 else instant.replace(hour=8)
        enqueued = {order for order in due if created[order] + CLOSES - LEAD > legal}
        settled |= enqueued
        counts.append((len(due), len(enqueued)))
    return counts


def test_every_instant_equals_a_recount_from_the_file_and_a_second_realm_the_first(services: Services) -> None:
    pipeline.load_history(services, trigger(real_now()))
    first = replayed(services, "replay-one")
    assert [(f["decisions"]["candidates"] - f["decisions"]["repeated"], f["decisions"]["enqueued"]) for f in first] == [
        (candidates, enqueued) for candidates, enqueued in recounted()
    ]
    assert sum(found["messages"]["accepted"] for found in first) > 0
    second = replayed(services, "replay-two")
    assert [found["decisions"] for found in second] == [found["decisions"] for found in first]


def test_the_history_is_what_the_file_says(services: Services) -> None:
    pipeline.load_history(services, trigger(real_now()))
    flow = Flow(services=services, sandbox=None)  # type: ignore[arg-type]
    [(orders, paid, refunds, refunded)] = flow.rows(
        """SELECT (SELECT count(*) FROM facts.orders), (SELECT count(paid_at) FROM facts.orders),
                  (SELECT count(*) FROM facts.refunds), (SELECT sum(amount_minor) FROM facts.refunds)"""
    )
    assert (orders, paid, refunds, refunded) == (28_010, 24_087, 5_646, 57_233_592)


def worth(services: Services, as_of: datetime) -> tuple[int, int, int, int]:
    """(gross, refunded, net, customers whose net is negative) of the shop's record as of an instant, minor units."""
    rules = {"segments": load_segments(), "tags": load_tags()}
    with (
        services.db.transaction() as tx,
        everybody(tx, shop=load_shop("tmall"), as_of=as_of, wanted=(), **rules) as made,  # type: ignore[arg-type]
    ):
        query = f"""SELECT sum(paid_minor), sum(refund_minor), sum(net_minor), count(*) FILTER (WHERE net_minor < 0)
                    FROM {made.features}"""
        [row] = tx.connection.exec_driver_sql(query)
    return tuple(map(int, row))  # type: ignore[return-value]


def test_a_refund_counts_once_and_not_before_it_was_known(services: Services) -> None:
    pipeline.load_history(services, trigger(real_now()))
    known = datetime.fromisoformat("2020-03-01T00:00:00+08:00")
    after_the_last_was_paid = known + timedelta(days=1)
    assert worth(services, after_the_last_was_paid) == (247_482_307, 57_233_592, 190_248_715, 0)
    gross, refunded, net, negative = worth(services, known - timedelta(seconds=1))
    assert (refunded, negative) == (0, 0)
    assert gross == net == worth(services, known)[0] > 247_000_000
