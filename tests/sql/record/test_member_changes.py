"""A birthday or gender that came in changes tags: its customers are on the list of a refresh, the others are not."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.sql.decide.building import AS_OF, SHOP, add_customer, add_order, insert, make_shop, rows

from touchpoint.db import Transaction
from touchpoint.record import narrow

DAY = timedelta(days=1)


def told(tx: Transaction, customer: str, batch: int, known_at: datetime = AS_OF, **said: object) -> None:
    add_customer(tx, customer)
    insert(
        tx, "contact.people", shop_id=SHOP, customer_id=customer, modified_at=known_at, known_at=known_at,
        batch_id=batch, **said,
    )  # fmt: skip


def refreshed(tx: Transaction, as_of: datetime, *batches: int) -> set[str]:
    """Whom a refresh looks at; the head moves."""
    with tx.connection.begin_nested():
        narrow.collect(tx, shop=make_shop(), as_of=as_of, batch_ids=list(batches))
        listed = rows(tx, "SELECT customer_id FROM facts.customers JOIN pg_temp.changed_customers USING (customer_no)")
    tx.connection.exec_driver_sql("UPDATE record.heads SET refreshed_as_of = %(at)s", {"at": as_of})
    return {row["customer_id"] for row in listed}


def test_a_birthday_or_gender_that_came_in_or_was_taken_back_is_looked_at(tx: Transaction) -> None:
    add_order(tx, "o1", "a", AS_OF - DAY, paid_at=AS_OF - DAY)
    refreshed(tx, AS_OF, 1)
    told(tx, "a", 2, birthday=date(1990, 1, 1))
    told(tx, "b", 2, gender="female")
    told(tx, "silent", 2)
    told(tx, "earlier", 1, birthday=date(1990, 1, 1))
    assert refreshed(tx, AS_OF + DAY, 2) == {"a", "b"}
    assert refreshed(tx, AS_OF + 2 * DAY, 3) == set()
    insert(
        tx, "contact.people_history", shop_id=SHOP, customer_id="a", modified_at=AS_OF, known_at=AS_OF,
        birthday=date(1990, 1, 1), known_from=AS_OF, known_until=AS_OF + 2 * DAY,
    )  # fmt: skip
    tx.connection.exec_driver_sql("UPDATE contact.people SET birthday = NULL, batch_id = 4 WHERE customer_id = 'a'")
    assert refreshed(tx, AS_OF + 3 * DAY, 4) == {"a"}


def test_a_member_list_loaded_ahead_of_the_head_is_reached_in_its_time(tx: Transaction) -> None:
    add_order(tx, "o1", "a", AS_OF - DAY, paid_at=AS_OF - DAY)
    told(tx, "a", 1, known_at=AS_OF + 2 * DAY, birthday=date(1990, 1, 1))
    refreshed(tx, AS_OF, 1)
    assert refreshed(tx, AS_OF + DAY) == set()
    assert refreshed(tx, AS_OF + 2 * DAY) == {"a"}
    assert refreshed(tx, AS_OF + 3 * DAY) == set()
