"""Untrusted text: what a customer or a product says stays text, on one line, without tricks."""

from __future__ import annotations

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_LINK = re.compile(r"://|www\.|@|\.(com|cn|net|top|xyz)\b", re.IGNORECASE)
_MASKED = re.compile(r"^\*|\*\*|\*$")
_DROPPED = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Cn"}
)  # control, bidirectional and invisible, surrogate, private, unassigned
_SIGNATURE_MARKS = str.maketrans("", "", "【】")


def clean(value: str) -> str:
    """One line without control, bidirectional, invisible or signature characters; white space runs become one space.

    【 and 】 go because they mark the sender of an SMS: a nickname must not be able to name another one.
    """
    if value.isprintable():  # nearly every text: of what goes, it can hold spaces and 【】 alone
        return " ".join(value.translate(_SIGNATURE_MARKS).split())
    spaced = _SPACES.sub(" ", value)
    kept = "".join(char for char in spaced if unicodedata.category(char) not in _DROPPED)
    return _SPACES.sub(" ", kept.translate(_SIGNATURE_MARKS)).strip()


def shorten(value: str, length: int) -> str:
    """At most so many characters, the last one … where something was cut."""
    return value if len(value) <= length else f"{value[: length - 1].rstrip()}…"


def usable_name(value: str | None, length: int = 12) -> str:
    """A display name that can stand in a greeting, else nothing.

    Platforms mask names with *; providers refuse links in variables. Neither makes a greeting.
    """
    name = clean(value or "")
    if not name or _MASKED.search(name) or _LINK.search(name) or not any(char.isalnum() for char in name):
        return ""
    return shorten(name, length)
