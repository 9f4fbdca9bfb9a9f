"""Contacts for a rehearsal: every customer of an order export gets an address that cannot belong to anybody.

Most get a phone of one reserved block, some an e-mail below sandbox.invalid alone. Both follow from a hash of the
customer id, so that every rehearsal of the same export reaches the same people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import pyarrow
import pyarrow.compute as pc

RESERVED_PHONES = "+861900"
"""The block (seven more digits) that rehearsals use; a rehearsal's channels reach sandbox endpoints alone."""
_EMAIL_ONLY_OF_16 = 2
METHOD = "synthetic"


class Customers:
    """The customers of an export, each with the instant of the first order seen."""

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def add(self, orders: Any) -> None:
        """Take in landing rows of orders."""
        self._parts.append(orders.select(["customer_id", "created_at"]))

    def members(self) -> Any:
        """One landing row of a member per customer, ordered by customer id; consent dates from the first order."""
        if not self._parts:
            return _members([], [])
        orders = pyarrow.concat_tables(self._parts)
        orders = orders.filter(pc.is_valid(orders.column("customer_id")))
        first = orders.group_by("customer_id").aggregate([("created_at", "min")]).sort_by("customer_id")
        return _members(first.column("customer_id").to_pylist(), first.column("created_at_min").to_pylist())


def _members(ids: list[str], since: list[str | None]) -> Any:
    phones, emails = _addresses(ids)
    on_phone = ["true" if phone else None for phone in phones]
    on_email = ["true" if email else None for email in emails]
    columns = {
        "customer_id": ids,
        "phone": phones,
        "email": emails,
        "joined_at": since,
        "sms_promotional": on_phone,
        "sms_promotional_at": _where(on_phone, since),
        "sms_promotional_method": _where(on_phone, [METHOD] * len(ids)),
        "email_promotional": on_email,
        "email_promotional_at": _where(on_email, since),
        "email_promotional_method": _where(on_email, [METHOD] * len(ids)),
        "modified_at": since,
        "is_synthetic": ["true"] * len(ids),
    }
    return pyarrow.table({name: pyarrow.array(values, pyarrow.string()) for name, values in columns.items()})


def _where(marks: list[str | None], values: Iterable[str | None]) -> list[str | None]:
    return [value if mark else None for mark, value in zip(marks, values, strict=True)]


def _addresses(ids: list[str]) -> tuple[list[str | None], list[str | None]]:
    phones: list[str | None] = []
    emails: list[str | None] = []
    taken: set[int] = set()
    for customer_id in ids:
        digest = hashlib.sha256(customer_id.encode()).digest()
        number = int.from_bytes(digest[:8], "big") % 10**7
        # A number somebody else has would make two customers one person.
        by_email = digest[8] % 16 < _EMAIL_ONLY_OF_16 or number in taken
        taken.add(number)
        phones.append(None if by_email else f"{RESERVED_PHONES}{number:07d}")
        emails.append(f"{digest.hex()[:32]}@sandbox.invalid" if by_email else None)
    return phones, emails
