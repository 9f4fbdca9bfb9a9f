"""Addresses in one spelling, their keyed hashes, and the identity made from them.

Everything outside the contact tables sees the hashes alone. The key comes from `settings.hash_key`; changing it would
make everybody a stranger.
"""

from __future__ import annotations

import hmac
import re
from uuid import UUID

from touchpoint.model import AddressKind

_PRIVACY_NUMBER = re.compile(r"^1\d{10}-\d{2,6}$")
_RESERVED_ENDING = ".invalid"  # RFC 2606: no such mailbox can exist, so synthetic buyers live there
_MOBILE_CN = re.compile(r"^(?:\+?86)?(1[3-9]\d{9})$")


def region_of(currency: str) -> str:
    """The region a number without a country code is read in: ISO 4217 codes begin with their country's (EUR: none)."""
    return currency[:2]


def normalise(kind: AddressKind | str, raw: str | None, region: str = "CN") -> str | None:
    """An address in the one spelling that is stored and hashed, or None if nothing can be sent to it.

    Args:
        kind: phone becomes E.164, e-mail lower case with an ASCII domain; ouid and oaid stay as they are.
        raw: as it arrived. Never logged.
        region: ISO 3166 code for phones without a country code.

    A privacy number (a relay with an extension, as platforms give couriers) and a landline take no SMS: None.
    """
    text = (raw or "").strip()
    if not text:
        return None
    if kind == AddressKind.PHONE:
        return _phone(text, region)
    if kind == AddressKind.EMAIL:
        return _email(text)
    return text


def is_address(raw: str) -> bool:
    """Whether something could be sent to it: an e-mail address, or a mobile number of China or with a country code."""
    return normalise(AddressKind.EMAIL if "@" in raw else AddressKind.PHONE, raw) is not None


def address_hash(key: bytes, kind: AddressKind | str, normalised: str) -> str:
    """HMAC-SHA-256 of kind and normalised address, hex."""
    return hmac.digest(key, f"{kind}|{normalised}".encode(), "sha256").hex()


def identity(key: bytes, scope: str, kind: str, normalised: str) -> UUID:
    """Who somebody is within a scope (a brand or a shop): the first 16 bytes of an HMAC-SHA-256.

    Args:
        key: of the installation, see above.
        scope: the brand, or the shop's id.
        kind: what it is made from, the best at hand of phone, email, buyer, customer; never an OAID.
        normalised: that address or id, in its one spelling.
    """
    return UUID(hex=identity_hex(key, scope, kind, normalised))


def identity_hex(key: bytes, scope: str, kind: str, normalised: str) -> str:
    """The same as 32 hex digits: for hundreds of thousands at once."""
    return hmac.digest(key, f"{scope}|{kind}|{normalised}".encode(), "sha256")[:16].hex()


def is_synthetic(kind: AddressKind | str, normalised: str) -> bool:
    """Whether an address was made up and says so by itself: a mailbox below .invalid."""
    return kind == AddressKind.EMAIL and normalised.endswith(_RESERVED_ENDING)


def _phone(text: str, region: str) -> str | None:
    if _PRIVACY_NUMBER.match(text):
        return None
    mainland = _MOBILE_CN.match(text) if region == "CN" else None
    if mainland:  # the shape of all but a few; the library takes 30 times as long
        text = f"+86{mainland[1]}"
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    takes_sms = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if number.extension or phonenumbers.number_type(number) not in takes_sms:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _email(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    # The validator refuses .invalid as it must for real people; the rest of the address is checked all the same.
    is_reserved = text.lower().endswith(_RESERVED_ENDING)
    checked = f"{text[: -len(_RESERVED_ENDING)]}.com" if is_reserved else text
    try:
        found = validate_email(checked, check_deliverability=False)
    except EmailNotValidError:
        return None
    if found.ascii_email is None:  # a mailbox outside ASCII needs SMTPUTF8 at every hop
        return None
    address = str(found.ascii_email).lower()
    return f"{address[: -len('.com')]}{_RESERVED_ENDING}" if is_reserved else address
