"""Made-up contacts of a rehearsal."""

from __future__ import annotations

import re

import pyarrow

from touchpoint.sources.files.synthetic import RESERVED_PHONES, Customers


def members(*orders):
    customers = Customers()
    for part in orders:
        ids, times = zip(*part, strict=True)
        customers.add(pyarrow.table({"customer_id": list(ids), "created_at": list(times), "order_id": list(ids)}))
    return customers.members().to_pylist()


def many(count):
    return members([(f"c{number}", "2020-02-20T10:00:00+08:00") for number in range(count)])


def test_each_customer_is_one_member_since_the_first_order():
    found = members(
        [("b", "2020-02-20T10:00:00+08:00"), ("a", "2020-02-20T11:00:00+08:00")],
        [("b", "2020-02-19T10:00:00+08:00"), (None, "2020-02-19T10:00:00+08:00")],
    )
    assert [row["customer_id"] for row in found] == ["a", "b"]
    assert found[1]["joined_at"] == found[1]["modified_at"] == "2020-02-19T10:00:00+08:00"


def test_nobody_shares_an_address_and_each_has_exactly_one():
    found = many(30_000)
    addresses = [row["phone"] or row["email"] for row in found]
    assert len(set(addresses)) == 30_000
    assert all(bool(row["phone"]) != bool(row["email"]) for row in found)
    by_email = sum(row["phone"] is None for row in found) / 30_000
    assert 0.10 < by_email < 0.15


def test_the_addresses_belong_to_nobody_and_say_so():
    for row in many(2_000):
        assert row["is_synthetic"] == "true"
        if row["phone"]:
            assert re.fullmatch(re.escape(RESERVED_PHONES) + r"\d{7}", row["phone"])
            assert (row["sms_promotional"], row["sms_promotional_method"]) == ("true", "synthetic")
            assert row["email_promotional"] is None
        else:
            assert re.fullmatch(r"[0-9a-f]{32}@sandbox\.invalid", row["email"])
            assert row["email_promotional_at"] == row["joined_at"]


def test_the_same_customer_gets_the_same_address_every_time():
    assert many(500) == many(500)


def test_no_customer_no_member():
    assert Customers().members().num_rows == 0
