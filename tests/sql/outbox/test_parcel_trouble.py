"""While a parcel is late or in trouble: promotions to its buyer are held, and somebody has it on a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sql.audiences.parcels import RULES, add_parcel, add_scan, at, tell
from tests.sql.decide.building import AS_OF, SHOP, add_customer, make_shop, rows
from tests.sql.outbox.parcel_messages import LATE, LATER, TROUBLE, message

from touchpoint.db import Transaction
from touchpoint.outbox.claim import judge
from touchpoint.record.parcels import keep_norms


@pytest.fixture
def lab(tx: Transaction) -> Transaction:
    """A shop whose norms are kept."""
    keep_norms(tx, shop_id=SHOP, as_of=AS_OF - timedelta(days=90), rules=RULES)
    return tx


def trouble(tx: Transaction, customer_id: str = "b", when: Any = AS_OF) -> bool:
    found = rows(
        tx,
        "SELECT facts.has_parcel_trouble(%(shop)s, customer_no, %(at)s) AS has FROM facts.customers"
        " WHERE customer_id = %(id)s",
        shop=SHOP,
        at=when,
        id=customer_id,
    )
    return bool(found[0]["has"])


@pytest.mark.parametrize(
    ("parcel", "expected"),
    [
        (LATE, True),
        (TROUBLE, True),
        ({"id": "P", "scans": [["picked_up", "-1d"]]}, False),
        ({**LATE, "scans": [["picked_up", "-4d"], ["delivered", "-1h"]]}, False),
        ({**LATE, "refund": "succeeded"}, False),
        ({**LATE, "shipped": "-31d", "scans": [["picked_up", "-31d"]]}, False),  # nobody waits for it any more
        ({"id": "P", "promised": "2026-03-08T00:00+08:00"}, True),
    ],
)
def test_a_buyer_has_trouble_while_a_parcel_of_theirs_is_late_or_in_it(
    lab: Transaction, parcel: dict[str, Any], expected: bool
) -> None:
    add_customer(lab, "c")
    add_parcel(lab, parcel)
    assert (trouble(lab), trouble(lab, "c")) == (expected, False)


def test_without_norms_troubles_and_promises_speak(tx: Transaction) -> None:
    add_parcel(tx, {"id": "P", "scans": [["picked_up", "-20d"]]})
    assert not trouble(tx)
    add_scan(tx, "P", "refused", "-1h")
    assert trouble(tx)


def test_the_norms_of_an_instant_are_those_kept_by_then(tx: Transaction) -> None:
    slow = {**RULES, "days": 20}
    assert keep_norms(tx, shop_id=SHOP, as_of=at("-2d"), rules=slow)
    assert not keep_norms(tx, shop_id=SHOP, as_of=at("-1d"), rules=slow)
    assert keep_norms(tx, shop_id=SHOP, as_of=at("1h"), rules=RULES)
    add_parcel(tx, LATE)
    assert [trouble(tx, when=at(when)) for when in ("-3d", "0m", "1h")] == [False, False, True]


def promotion(tx: Transaction, **changed: Any) -> int:
    add_parcel(tx, LATE)
    touch = tell(tx, ["x"], "promote", "-1h")
    return message(tx, touch, "promote", purpose="promotional", valid_while=["no_parcel_trouble"], **changed)


def held(tx: Transaction, message_id: int) -> tuple[dict[int, str], dict[str, Any]]:
    given = {"message_ids": [message_id], "at": LATER}
    gone = {row["message_id"]: row["state"] for row in tx.many("outbox/valid/no_parcel_trouble", **given)}
    return gone, rows(tx, "SELECT * FROM ledger.message WHERE message_id = %(id)s", id=message_id)[0]


def test_a_promotion_is_held_while_its_reader_waits_for_a_parcel(lab: Transaction) -> None:
    message_id = promotion(lab)
    gone, row = held(lab, message_id)
    assert gone == {message_id: "waiting"}
    assert (row["state"], row["reason"], row["lease_until"]) == ("waiting", "parcel_trouble", None)
    assert row["not_before"] == LATER + timedelta(hours=3)
    assert row["planned_on"] == AS_OF.date()


def test_a_parcel_of_another_customer_row_of_the_same_person_holds_it_too(lab: Transaction) -> None:
    add_customer(lab, "b2", identity="b")
    message_id = promotion(lab, customer_id="b2")
    assert held(lab, message_id)[0] == {message_id: "waiting"}


def test_it_goes_when_the_trouble_is_over(lab: Transaction) -> None:
    message_id = promotion(lab)
    add_scan(lab, "P", "delivered", "1h")
    assert held(lab, message_id)[0] == {}


def test_it_is_never_held_past_its_last_minute(lab: Transaction) -> None:
    gone, row = held(lab, message_id := promotion(lab, not_after=LATER + timedelta(hours=3)))
    assert (gone, row["state"], row["reason"]) == ({message_id: "cancelled"}, "cancelled", "parcel_trouble")


def test_a_claim_tells_what_it_put_off_from_what_it_cancelled(lab: Transaction) -> None:
    message_id = promotion(lab)
    lab.connection.exec_driver_sql("UPDATE ledger.message SET purpose = 'transactional'")
    assert held(lab, message_id)[0] == {}  # promotions alone
    lab.connection.exec_driver_sql("UPDATE ledger.message SET purpose = 'promotional'")
    row = {"message_id": message_id, "valid_while": ["no_parcel_trouble"]}
    lab.connection.exec_driver_sql(
        "INSERT INTO contact.consents (shop_id, address_hash, channel, purpose, is_granted, happened_at, known_at,"
        " method) VALUES ('lab', 'hash', 'sms', 'promotional', true, '2020-01-01Z', '2020-01-01Z', 'list')"
    )
    lab.connection.exec_driver_sql(
        "INSERT INTO contact.contact_points (shop_id, customer_id, kind, address_hash, address, known_at)"
        " VALUES ('lab', 'b', 'phone', 'hash', '+8613900000000', '2020-01-01Z')"
    )
    assert judge(lab, [row], shop=make_shop(), at=LATER, is_claim=True) == {message_id: "put_off"}


def tasks(tx: Transaction, kind: str) -> dict[str, str]:
    found = tx.many(f"worklists/{kind}", shop_id=SHOP, as_of=AS_OF)
    return {row["subject_id"]: row["reason"] for row in found}


def test_the_worklists_hold_what_to_chase_and_what_nobody_scanned(lab: Transaction) -> None:
    add_parcel(lab, LATE)
    add_parcel(lab, {**TROUBLE, "id": "Q", "buyer": "c"})
    add_parcel(lab, {"id": "on time", "scans": [["picked_up", "-1d"]]})
    add_parcel(lab, {"id": "fresh", "shipped": "-23h"})
    add_parcel(lab, {"id": "silent", "shipped": "-24h", "scans": [["label_created", "-25h"]]})
    add_parcel(lab, {"id": "promised", "shipped": "-24h", "promised": "2026-03-09T00:00+08:00"})
    add_parcel(lab, {"id": "old", "shipped": "-31d"})
    assert tasks(lab, "chase_parcel") == {"P": "late", "Q": "exception"}
    assert tasks(lab, "no_first_scan") == {"silent": "not_scanned", "promised": "not_scanned"}
    details = [row["detail"] for row in lab.many("worklists/chase_parcel", shop_id=SHOP, as_of=AS_OF)]
    assert {"order_id": "o-P", "last_scan": "picked_up", "last_scan_at": "2026-03-06T06:00:00Z"} in details
