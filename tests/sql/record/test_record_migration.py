"""A record that stood before refunds and guests were known to it is brought to what a refresh would make of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from tests.sql.decide.building import AS_OF, SHOP, add_order, insert, refreshed, rows

from touchpoint import migrations
from touchpoint.db import Database

DAY = timedelta(days=1)


def test_a_record_of_before_is_what_a_refresh_makes(server: Any) -> None:
    server.create_database("test_record_migration")
    url = server.url("test_record_migration")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["url"] = url
    command.upgrade(config, "0011")
    database = Database(url)
    with database.transaction() as tx:
        for number, customer in enumerate(("ann", "ann", "bob", "order:A3")):
            add_order(tx, f"A{number}", customer, AS_OF - 9 * DAY, paid_at=AS_OF - 8 * DAY, paid_minor=500)
        tx.connection.exec_driver_sql("UPDATE facts.customers SET is_guest = true WHERE customer_id = 'order:A3'")
        at = {"modified_at": AS_OF - DAY, "known_at": AS_OF - DAY, "batch_id": 1, "currency": "CNY", "shop_id": SHOP}
        for number, (state, days) in enumerate((("succeeded", 1), ("asked", 1), ("succeeded", -1))):
            happened_at = AS_OF - days * DAY
            insert(
                tx,
                "facts.refunds",
                **at,
                refund_id=f"R{number}",
                order_id="A0",
                amount_minor=70,
                state=state,
                happened_at=happened_at,
            )
        # As the refresh of before left it: guests in, refunds nowhere.
        tx.connection.exec_driver_sql(
            "INSERT INTO record.paid_orders SELECT customer_no, paid_at, known_at, paid_minor, shop_id, order_id"
            " FROM facts.orders"
        )
        tx.connection.exec_driver_sql(
            "INSERT INTO record.customer_features SELECT shop_id, customer_no, min(paid_at), max(paid_at), count(*),"
            " sum(paid_minor), %(at)s FROM facts.orders GROUP BY shop_id, customer_no",
            {"at": AS_OF},
        )
        insert(tx, "record.heads", shop_id=SHOP, refreshed_as_of=AS_OF, loaded_as_of=AS_OF)
    database.close()
    command.upgrade(config, "head")
    database = Database(url)
    with database.transaction() as tx:
        stood = "SELECT order_count, refund_count, refund_minor, net_minor FROM record.customer_features"
        for written in (True, False):
            found = rows(tx, stood)
            assert sorted(map(tuple, (row.values() for row in found))) == [(1, 0, 0, 500), (2, 1, 70, 930)]
            # What the schema of before had no room for (days, segments) comes with the first refresh, and once.
            assert bool(refreshed(tx, AS_OF, [])) is written
            assert rows(tx, "SELECT count(*) AS n FROM record.customer_segments") == [{"n": 2}]
    database.close()
