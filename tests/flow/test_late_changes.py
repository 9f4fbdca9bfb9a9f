"""A platform that lists changes late: every night all recent orders are as it shows them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.flow.conftest import ANCHOR, Flow
from tests.sandbox_calls import ALL_TYPES, call, top_time

from touchpoint.model import Cadence

NIGHT = ANCHOR + timedelta(hours=4)


def shown(flow: Flow, until: datetime) -> dict[str, tuple[str, str | None]]:
    """What the platform shows of the orders of the last three days: id -> last change, payment."""
    found: dict[str, tuple[str, str | None]] = {}
    page = 1
    while True:
        answer = call(
            flow.sandbox, "taobao.trades.sold.get", fields="tid,modified,pay_time", type=ALL_TYPES, page_no=page,
            page_size=100, use_has_next="true", start_created=top_time(until - timedelta(days=3)),
            end_created=top_time(until - timedelta(minutes=2)),
        )  # fmt: skip
        for trade in answer.get("trades", {}).get("trade", []):
            found[str(trade["tid"])] = (trade["modified"], trade.get("pay_time"))
        if not answer["has_next"]:
            return found
        page += 1


def wrong(flow: Flow, until: datetime) -> set[str]:
    """Orders that the facts know otherwise, or not at all."""
    known = {
        order_id: (modified, paid)
        for order_id, modified, paid in flow.rows(
            "SELECT order_id, to_char(modified_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),"
            " to_char(paid_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS') FROM facts.orders"
        )
    }
    now = shown(flow, until)
    assert len(now) > 100
    return {order_id for order_id, state in now.items() if known.get(order_id) != state}


@pytest.mark.parametrize("lag", [timedelta(minutes=10), timedelta(hours=3)])
def test_after_the_nightly_run_no_recent_order_is_known_otherwise_than_the_platform_shows_it(
    flow: Flow, lag: timedelta
) -> None:
    late = {"share": 0.5, "lag_s": int(lag.total_seconds())}
    flow.sandbox.control("POST", "/control/faults", {"platform": {"late_arrivals": late}})
    for minutes in (5, 30, 90, 180):
        flow.run(ANCHOR + timedelta(minutes=minutes))
    flow.run(NIGHT - timedelta(minutes=5))
    assert wrong(flow, NIGHT - timedelta(minutes=5))  # what the windows' overlap alone leaves
    night = flow.run(NIGHT, cadence=Cadence.DAILY)
    assert wrong(flow, NIGHT) == set()
    assert flow.rows(
        "SELECT count(*) > 0 FROM landing.batch WHERE run_no = %s AND origin = 'rescan' AND loaded > 0", night.run_no
    ) == [(True,)]
    assert flow.rows("SELECT extracted_until FROM landing.watermark WHERE entity = 'order'") == [
        (NIGHT - timedelta(minutes=1),)
    ]
