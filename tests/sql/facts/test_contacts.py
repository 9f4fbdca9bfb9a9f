"""Who the customers are, once and for all; how they may be reached, and since when they have agreed to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sql.facts.builders import AS_OF, KEY, load, member, order, shop

from touchpoint.addresses import address_hash, identity
from touchpoint.db import Transaction
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity

LATER = AS_OF + timedelta(days=1)
NEWER = "2026-11-02T00:00:00+08:00"


def members(tx: Transaction, *rows: dict[str, str | None], **options: Any) -> list[Counts]:
    return load(tx, {Entity.MEMBER: rows}, entity=Entity.MEMBER, **options)


def identities(tx: Transaction) -> list[tuple[Any, ...]]:
    text = "SELECT customer_id, identity, identity_from FROM facts.customers ORDER BY customer_id"
    return [tuple(row) for row in tx.connection.exec_driver_sql(text)]


def points(tx: Transaction, kind: str) -> list[tuple[Any, ...]]:
    text = "SELECT address, known_at, expires_at FROM contact.contact_points WHERE kind = %(kind)s ORDER BY address"
    return [tuple(row) for row in tx.connection.exec_driver_sql(text, {"kind": kind})]


def consents(tx: Transaction) -> list[tuple[Any, ...]]:
    text = "SELECT channel, is_granted, happened_at::date::text, method FROM contact.consents ORDER BY consent_id"
    return [tuple(row) for row in tx.connection.exec_driver_sql(text)]


@pytest.mark.parametrize(
    ("changes", "kind", "value"),
    [
        ({}, "phone", "+8613812345678"),
        ({"phone": "13812345678-123"}, "email", "li@sandbox.invalid"),  # a relay is nobody's phone
        ({"phone": None, "email": "nobody"}, "buyer", "buyer-1"),
    ],
)
def test_an_identity_is_made_from_the_best_address(
    tx: Transaction, changes: dict[str, str | None], kind: str, value: str
) -> None:
    members(tx, member(**changes))
    assert identities(tx) == [("buyer-1", identity(KEY, "shop:shop", kind, value), kind)]


def test_an_identity_is_made_once_whatever_is_learned_later(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order()]})
    made = identities(tx)
    assert made == [("buyer-1", identity(KEY, "shop:shop", "buyer", "buyer-1"), "buyer")]
    members(tx, member(), as_of=LATER)
    members(tx, member(phone="13900001111", modified_at=NEWER), as_of=LATER)
    assert identities(tx) == made


def test_where_a_platform_has_no_buyer_key_the_customer_id_is_used(tx: Transaction) -> None:
    of = shop(platform="files")
    load(tx, {Entity.ORDER: [order()]}, of=of)
    assert identities(tx) == [("buyer-1", identity(KEY, "shop:shop", "customer", "buyer-1"), "customer")]
    assert points(tx, "ouid") == []


def test_an_order_without_a_customer_is_its_own(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order("a", customer_id=None), order("b", customer_id=None)]}, of=shop(platform="files"))
    assert [row[0] for row in identities(tx)] == ["order:a", "order:b"]


def test_shops_of_one_brand_share_identities(tx: Transaction) -> None:
    for name in ("one", "two"):
        members(tx, member(), of=shop(id=name, brand="b"))
    assert len({row[1] for row in identities(tx)}) == 1


def test_members_bring_phone_email_and_buyer_key(tx: Transaction) -> None:
    assert members(tx, member()) == [Counts(1, 1, 0, 0, 0)]
    assert points(tx, "phone") == [("+8613812345678", AS_OF, None)]
    assert points(tx, "ouid") == [("buyer-1", AS_OF, None)]
    text = "SELECT address_hash, is_synthetic FROM contact.contact_points WHERE kind = 'email'"
    hashed = address_hash(KEY, "email", "li@sandbox.invalid")
    assert tx.connection.exec_driver_sql(text).one() == (hashed, True)


def test_orders_bring_the_buyer_key_and_a_handle_bound_to_the_order(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order("a", oaid="x1"), order("b", oaid="x2")]})
    text = "SELECT address, order_id FROM contact.contact_points WHERE kind = 'oaid' ORDER BY address"
    assert [tuple(row) for row in tx.connection.exec_driver_sql(text)] == [("x1", "a"), ("x2", "b")]
    assert len(points(tx, "ouid")) == 1
    assert all(row[2] != "oaid" for row in identities(tx))


def test_a_phone_the_list_no_longer_has_ends_and_may_come_back(tx: Transaction) -> None:
    members(tx, member())
    members(tx, member(phone="13900001111", modified_at=NEWER), as_of=LATER)
    assert points(tx, "phone") == [("+8613812345678", AS_OF, LATER), ("+8613900001111", LATER, None)]
    last = LATER + timedelta(days=1)
    members(tx, member(modified_at="2026-11-03T00:00:00+08:00"), as_of=last)
    assert points(tx, "phone") == [("+8613812345678", last, None), ("+8613900001111", LATER, last)]


def test_a_phone_taken_off_the_list_ends(tx: Transaction) -> None:
    members(tx, member())
    members(tx, member(phone=None, modified_at=NEWER), as_of=LATER)
    assert points(tx, "phone") == [("+8613812345678", AS_OF, LATER)]
    assert points(tx, "email") == [("li@sandbox.invalid", AS_OF, None)]


def test_an_older_version_of_a_member_changes_no_address(tx: Transaction) -> None:
    members(tx, member(modified_at=NEWER))
    before = points(tx, "phone")
    assert members(tx, member(phone="13900001111"), as_of=LATER) == [Counts(1, 0, 0, 1, 0)]
    assert points(tx, "phone") == before


def test_the_same_list_again_writes_nothing(tx: Transaction) -> None:
    members(tx, member())
    text = "SELECT xmin, ctid, * FROM contact.contact_points ORDER BY kind"
    before = [tuple(row) for row in tx.connection.exec_driver_sql(text)]
    said = consents(tx)
    assert members(tx, member(), as_of=LATER) == [Counts(1, 0, 1, 0, 0)]
    assert [tuple(row) for row in tx.connection.exec_driver_sql(text)] == before
    assert consents(tx) == said


def test_consent_comes_from_the_list_with_when_and_how_and_is_only_added_to(tx: Transaction) -> None:
    members(tx, member())
    assert consents(tx) == [("sms", True, "2025-12-31", "checkout")]
    withdrawn = {"sms_promotional": "false", "sms_promotional_at": "2026-11-02T10:00:00+08:00", "modified_at": NEWER}
    members(tx, member(**withdrawn), as_of=LATER)
    assert consents(tx) == [("sms", True, "2025-12-31", "checkout"), ("sms", False, "2026-11-02", "checkout")]
    purposes = tx.connection.exec_driver_sql(
        "SELECT DISTINCT purpose, known_at FROM contact.consents ORDER BY known_at"
    )
    assert [tuple(row) for row in purposes] == [("promotional", AS_OF), ("promotional", LATER)]


def test_a_refusal_without_a_time_counts_once_and_only_where_there_was_consent(tx: Transaction) -> None:
    refused = {"sms_promotional": "false", "sms_promotional_at": None}
    members(tx, member("a", phone="13900001111", **refused), member("b"))
    assert len(consents(tx)) == 1
    members(tx, member("b", **refused, modified_at=NEWER), as_of=LATER)
    members(tx, member("b", **refused, modified_at="2026-11-03T00:00:00+08:00"), as_of=LATER + timedelta(days=1))
    assert [row[:2] for row in consents(tx)] == [("sms", True), ("sms", False)]


def test_members_of_history_are_known_since_they_joined(tx: Transaction) -> None:
    members(tx, member(), is_history=True)
    joined = tx.connection.exec_driver_sql("SELECT joined_at FROM contact.people").scalar()
    assert points(tx, "phone") == [("+8613812345678", joined, None)]
    for relation in ("contact.consents", "contact.people", "facts.customers"):
        assert tx.connection.exec_driver_sql(f"SELECT known_at FROM {relation}").scalar() == joined


def test_a_member_known_since_a_list_was_read_is_known_since_the_first_order_of_history(tx: Transaction) -> None:
    members(tx, member(joined_at=None))
    load(tx, {Entity.ORDER: [order()]}, is_history=True)
    created = tx.connection.exec_driver_sql("SELECT created_at FROM facts.orders").scalar()
    assert tx.connection.exec_driver_sql("SELECT known_at FROM facts.customers").scalar() == created


def test_hostile_names_and_ids_pass_through_unharmed(tx: Transaction) -> None:
    hostile = ['a"b', "a,b", "'; DROP TABLE x --", "{{7*7}}", "\\N", "\\."]
    members(tx, *(member(text, display_name=text, phone=None, email=None) for text in hostile))
    load(tx, {Entity.ORDER: [order(str(at), customer_id=text) for at, text in enumerate(hostile)]})
    assert {row[0] for row in identities(tx)} == set(hostile)
    assert {row[0] for row in points(tx, "ouid")} == set(hostile)
    assert tx.connection.exec_driver_sql("SELECT count(*) FROM facts.orders").scalar() == len(hostile)


def test_a_synthetic_member_is_marked_and_a_real_one_is_not(tx: Transaction) -> None:
    rows = [member("a", is_synthetic="true"), member("b", phone="13900001111", email="b@example.com")]
    members(tx, *rows)
    text = "SELECT customer_id, is_synthetic FROM contact.contact_points WHERE kind = 'phone'"
    assert {tuple(row) for row in tx.connection.exec_driver_sql(text)} == {("a", True), ("b", False)}
