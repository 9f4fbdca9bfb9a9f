"""What the database refuses ends in task logs: neither a value of a row nor a parameter is told with it."""

from __future__ import annotations

import io

import pytest

from touchpoint.db import Database

PHONE = "+8613912345678"


def told(error: BaseException) -> str:
    """Everything a traceback would print of an error and what it came from."""
    parts = []
    found: BaseException | None = error
    while found is not None:
        parts.append(str(found))
        found = found.__cause__ or found.__context__
    return "\n".join(parts)


def test_a_refused_row_is_not_told(database: Database) -> None:
    with pytest.raises(Exception, match="stop_scope_named") as refused, database.transaction() as tx:
        tx.count(
            "outbox/stop", scope="shop", shop_id=None, campaign_id=None, is_stopped=True, who=PHONE, note="for a buyer"
        )
    assert PHONE not in told(refused.value)


def test_a_parameter_that_cannot_be_read_is_not_told(database: Database) -> None:
    with pytest.raises(Exception, match="invalid input syntax") as refused, database.transaction() as tx:
        tx.many("outbox/late", realm="live", shop_id=PHONE, today="soon", tomorrow=None)
    assert PHONE not in told(refused.value)


def test_a_line_that_cannot_be_copied_is_not_told(database: Database) -> None:
    columns = ("shop_id", "customer_id", "kind", "address_hash", "address", "known_at")
    line = f"s,c,pigeon,h,{PHONE},2026-01-01Z\n".encode()
    with pytest.raises(Exception, match="contact_points_kind_known") as refused, database.transaction() as tx:
        tx.copy_in("contact.contact_points", columns, io.BytesIO(line))
    assert PHONE not in told(refused.value)
