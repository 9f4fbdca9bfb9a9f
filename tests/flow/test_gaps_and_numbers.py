"""What a window does not show: older orders after a long pause, and parcels under another tracking number."""

from __future__ import annotations

from datetime import timedelta

from tests.flow.conftest import ANCHOR, Flow

from touchpoint import pipeline
from touchpoint.model import Entity


def test_after_a_pause_longer_than_the_platform_lists_changes_older_orders_catch_up(flow: Flow) -> None:
    """The pause is made by turning back what we know: the watermark, and orders that were finished in it."""
    flow.execute("UPDATE landing.watermark SET extracted_until = %s", ANCHOR - timedelta(days=100))
    forgotten = [
        order_id
        for days in (105, 180)  # under way when the pause began; older still
        for (order_id,) in flow.rows(
            "UPDATE facts.orders SET finished_at = NULL, modified_at = created_at WHERE order_id IN"
            " (SELECT order_id FROM facts.orders WHERE finished_at IS NOT NULL AND created_at < %s"
            " ORDER BY created_at DESC LIMIT 3) RETURNING order_id",
            ANCHOR - timedelta(days=days),
        )
    ]
    assert len(forgotten) == 6
    run = pipeline.begin(flow.services, flow.trigger(flow.at(ANCHOR + timedelta(minutes=5))))
    pipeline.extract(flow.services, run.run_no, Entity.ORDER)
    pipeline.validate(flow.services, run.run_no)
    pipeline.load(flow.services, run.run_no)
    assert flow.rows(
        "SELECT count(*) FROM facts.orders WHERE order_id = any(%s) AND finished_at IS NULL", forgotten
    ) == [(0,)]
    assert flow.rows("SELECT extracted_until FROM landing.watermark WHERE entity = 'order'") == [
        (run.as_of - timedelta(minutes=1),)
    ]


def test_a_parcel_whose_tracking_number_is_replaced_is_over(flow: Flow) -> None:
    [(order_id, old)] = flow.rows(
        "SELECT parcels.order_id, parcels.shipment_id FROM record.parcels AS parcels"
        " INNER JOIN facts.orders AS orders USING (shop_id, order_id)"
        " WHERE parcels.is_open AND orders.finished_at IS NULL AND orders.closed_at IS NULL"
        " AND parcels.shipped_at < %s ORDER BY parcels.shipped_at DESC LIMIT 1",
        ANCHOR - timedelta(hours=6),
    )
    replaced = ANCHOR + timedelta(minutes=3)
    flow.sandbox.control("POST", "/control/world/renumber", {"tid": order_id, "at": replaced.isoformat()})
    flow.run(ANCHOR + timedelta(minutes=10))
    now = {row[0] for row in flow.rows("SELECT shipment_id FROM record.parcels WHERE order_id = %s", order_id)}
    assert now
    assert old not in now
    assert flow.rows(
        "SELECT state, happened_at FROM facts.tracking_events WHERE shipment_id = %s AND state = 'cancelled'", old
    ) == [("cancelled", replaced)]
    flow.run(ANCHOR + timedelta(minutes=20))  # looked at again, nothing more ends
    assert now == {row[0] for row in flow.rows("SELECT shipment_id FROM record.parcels WHERE order_id = %s", order_id)}
