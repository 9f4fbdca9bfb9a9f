"""Backtests on real logs: a gift shop whose rule becomes BG/NBD, and a record shop whose plain silence does as well.

Online Retail (UCI, doi 10.24432/C5BW33), cleaned as its publications do. CDNOW: all 23,570 who first bought in the
first quarter of 1997, until the end of June 1998 (Fader and Hardie), from the package `lifetimes`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from tests.sql.decide.building import SHOP, make_segments, make_shop, undone
from tests.sql.record.purchases import load

from touchpoint.db import Database
from touchpoint.learning import verdict
from touchpoint.statements import ROOT

RETAIL = Path(os.environ.get("TOUCHPOINT_DATA", ROOT.parent / "shared" / "data")) / "online_retail.parquet"
LONDON = ZoneInfo("Europe/London")
HORIZON = timedelta(days=90)


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_real_backtests", template="template_touchpoint")
    database = Database(server.url("test_real_backtests"))
    yield database
    database.close()


def measured(database: Database, bought: pd.DataFrame, zone: str, end: datetime) -> verdict.Backtest:
    dormancy = make_segments().dormancy
    with undone(database) as tx:
        load(tx, SHOP, bought)
        at = verdict.instants(end, HORIZON, 3)
        return verdict.backtest(tx, shop=make_shop(zone=zone), at=at, known_at=end, dormancy=dormancy)


@pytest.mark.skipif(not RETAIL.is_file(), reason=f"no {RETAIL.name}: set TOUCHPOINT_DATA to the folder of it")
def test_on_online_retail_bg_nbd_tells_best_and_its_chances_come_true(shared: Database) -> None:
    lines = pd.read_parquet(RETAIL)
    lines = lines[lines["CustomerID"].notna() & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
    lines = lines.assign(
        minor=lines["Quantity"] * lines["UnitPrice"] * 100, customer_no=lines["CustomerID"].astype(int)
    )
    invoices = lines.groupby(["customer_no", "InvoiceNo"]).agg(at=("InvoiceDate", "max"), minor=("minor", "sum"))
    invoices = invoices.reset_index()
    paid_at = pd.Series([at.tz_localize(LONDON) for at in invoices["at"]], dtype=object)
    bought = invoices.assign(paid_at=paid_at, net_minor=invoices["minor"].round().astype(int))
    found = measured(shared, bought, "Europe/London", datetime(2011, 12, 10, tzinfo=LONDON))
    assert [one.customers for one in found.origins] == [1_877, 2_821, 3_370]
    assert found.winner == "lifetime"
    areas = {name: round(one.area, 3) for name, one in found.measured.items()}
    assert areas == {"fixed": 0.659, "rhythm": 0.649, "lifetime": 0.726, "p_alive": 0.34}
    assert found.measured["lifetime"].lead_low > 0.05
    shares = [row["bought"] for row in found.calibration]
    assert shares == sorted(shares)
    assert all(abs(row["predicted"] - row["bought"]) < 0.1 for row in found.calibration)


def test_on_cdnow_bg_nbd_leads_by_too_little_to_take_the_place_of_plain_silence(shared: Database) -> None:
    package = find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    log = Path(package.origin).parent / "datasets" / "CDNOW_master.txt"
    read = pd.read_csv(log, sep=r"\s+", header=0, names=["customer_no", "day", "number", "amount"])
    assert (len(read), read["customer_no"].nunique()) == (69_659, 23_570)
    paid_at = pd.to_datetime(read["day"].astype(str), format="%Y%m%d").dt.tz_localize(UTC)
    bought = read.assign(paid_at=paid_at, net_minor=(read["amount"] * 100).round().astype(int))
    found = measured(shared, bought, "UTC", datetime(1998, 7, 1, tzinfo=UTC))
    assert found.winner == "fixed"
    assert 0 < found.measured["lifetime"].lead < 0.005
    assert found.measured["lifetime"].lead_low < 0
    assert found.measured["rhythm"].lead < -0.03
    for one in found.origins:  # of those who bought on two days it tells more
        assert one.repeat_areas is not None
        lead, error = one.repeat_areas.difference("lifetime", "fixed")
        assert lead > 3 * error
        assert one.brier is not None
        assert one.brier[0] < 0.85 * one.brier[1]
