"""Every tag may be inferred by a core of its own: one that may not would leave all of them to one core."""

from __future__ import annotations

import pytest
from tests.sql.decide.building import SHOP, make_shop
from tests.sql.record.tag_facts import AS_OF

from touchpoint.db import Json, Transaction
from touchpoint.settings import load_tags

TAGS = {tag.name: tag for tag in load_tags().all_of(make_shop())}


def may_stand_aside(tx: Transaction, query: str) -> bool:
    """Whether the planner would give a query to another process, if it were told to."""
    for setting in (
        "debug_parallel_query = on",
        "min_parallel_table_scan_size = '4TB'",
        "min_parallel_index_scan_size = '4TB'",
    ):
        tx.connection.exec_driver_sql(f"SET LOCAL {setting}")
    plan = tx.connection.exec_driver_sql(f"EXPLAIN {query}".replace("%", "%%"), {"none": None}).scalars().all()
    return str(plan[0]).startswith("Gather")


@pytest.mark.parametrize("name", sorted(TAGS))
def test_a_tag_may_be_inferred_by_a_core_of_its_own(tx: Transaction, name: str) -> None:
    tx.one("features/hold_plan")
    query = tx.literal(
        "features/tag",
        tag=TAGS[name].statement,
        label=name,
        rules=Json(TAGS[name].rules),
        features="record.customer_features",
        series="record.customer_series",
        shop_id=SHOP,
        as_of=AS_OF,
        since="-infinity",
        **{what: f"scope/all/{what}" for what in ("purchases", "lines", "refunds", "events", "members")},
    )
    assert may_stand_aside(tx, query)


@pytest.mark.parametrize(
    "query",
    [
        "WITH kept AS MATERIALIZED (SELECT customer_no FROM record.paid_orders) SELECT customer_no FROM kept",
        "SELECT row_number() OVER (ORDER BY day) AS customer_no FROM record.paid_orders",
        "SELECT customer_no FROM record.paid_orders OFFSET 0",
    ],
)
def test_what_keeps_a_tag_on_the_one_core_is_told(tx: Transaction, query: str) -> None:
    assert not may_stand_aside(tx, f"SELECT found.customer_no FROM ({query}) AS found")
