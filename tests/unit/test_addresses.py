"""Addresses: one spelling, keyed hashes, identities that never change."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchpoint.addresses import address_hash, identity, is_synthetic, normalise, region_of

KEY = b"0123456789abcdef"


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("13812345678", "CN", "+8613812345678"),
        ("+86 138-1234-5678", "CN", "+8613812345678"),
        ("008613812345678", "CN", "+8613812345678"),
        ("11 98765-4321", "BR", "+5511987654321"),
        ("+5511987654321", "CN", "+5511987654321"),  # a country code speaks, whatever the shop's region
        ("+44 7911 123456", "EU", "+447911123456"),  # a currency without a country still takes full numbers
        ("13812345678-123", "CN", None),  # privacy number: a relay for couriers
        ("010-62345678", "CN", None),  # landline
        ("10086", "CN", None),
        ("138****5678", "CN", None),  # masked by the platform
        ("", "CN", None),
        ("=cmd()", "CN", None),
    ],
)
def test_a_phone_becomes_e164_or_nothing(raw: str, region: str, expected: str | None) -> None:
    assert normalise("phone", raw, region) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" Foo@Example.COM ", "foo@example.com"),
        ("deadbeef@sandbox.invalid", "deadbeef@sandbox.invalid"),  # synthetic buyers must pass
        ("li@例子.中国", "li@xn--fsqu00a.xn--fiqs8s"),
        ("李@例子.中国", None),  # needs SMTPUTF8
        ("a\r\nbcc: b@example.com", None),
        ("@.invalid", None),
        ("a@b@sandbox.invalid", None),
        ("nobody", None),
    ],
)
def test_an_email_becomes_lower_case_or_nothing(raw: str, expected: str | None) -> None:
    assert normalise("email", raw) == expected


def test_platform_handles_stay_as_they_are() -> None:
    assert normalise("oaid", " 1AbC= ") == "1AbC="
    assert normalise("ouid", None) is None


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(raw: str) -> None:
    for kind in ("phone", "email", "ouid"):
        once = normalise(kind, raw)
        assert once is None or normalise(kind, once) == once


def test_hash_and_identity_are_fixed_for_ever() -> None:
    """Computed once with hmac.new(...).hexdigest(); a change here would make everybody a stranger."""
    hashed = address_hash(KEY, "phone", "+8613812345678")
    made = identity(KEY, "shop:sandbox", "phone", "+8613812345678")
    assert hashed == "71720a83aeadd1b7856f20dc61effeedcd631ff5de11db293d6bbb37d006fb7e"
    assert made == UUID("970f17da-d08e-728d-deec-db0b962ffd68")


def test_kind_scope_and_key_each_make_another_hash() -> None:
    value = "+8613812345678"
    assert len({address_hash(KEY, kind, value) for kind in ("phone", "email")}) == 2
    assert len({identity(KEY, scope, "phone", value) for scope in ("shop:a", "shop:b")}) == 2
    assert address_hash(KEY, "phone", value) != address_hash(b"another", "phone", value)


def test_only_an_address_that_says_so_is_synthetic() -> None:
    assert is_synthetic("email", "x@sandbox.invalid")
    assert not is_synthetic("email", "x@invalid.com")
    assert not is_synthetic("ouid", "x.invalid")


def test_a_currency_names_its_country() -> None:
    assert [region_of(currency) for currency in ("CNY", "BRL", "GBP")] == ["CN", "BR", "GB"]
