"""Addresses and names as a page or a log may show them."""

from __future__ import annotations

import re

_ADDRESSES = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<!\d)(?:\+\d{8,15}|(?:86)?1[3-9]\d{9})(?!\d)")


def mask_phone(phone: str) -> str:
    """`+8613912345678` as `+86139****5678`; too short a number is starred whole."""
    if len(phone) < 10:
        return "*" * len(phone)
    return f"{phone[:-8]}****{phone[-4:]}"


def mask_email(email: str) -> str:
    """`alice@example.com` as `a***@example.com`; without an @ it is starred whole."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}" if at and local else "***"


def mask_name(name: str) -> str:
    """`王小明` as `王**`; at most three stars, so that length tells nothing."""
    return f"{name[:1]}{'*' * min(3, len(name) - 1)}" if len(name) > 1 else "*" * len(name)


def star_addresses(text: str) -> str:
    """What people write, with everything that looks like a phone number or an e-mail as `***`: notes are shown."""
    return _ADDRESSES.sub("***", text)
