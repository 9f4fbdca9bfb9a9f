"""Chance that is the same in every process: dice seeded by a hash of what they are thrown for."""

from __future__ import annotations

from hashlib import blake2b
from random import Random

MINUTE, HOUR, DAY = 60, 3600, 86400


def number(*parts: object) -> int:
    """64 bits that follow from the parts alone."""
    return int.from_bytes(blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def letters(length: int, *parts: object) -> str:
    """Lower-case hexadecimal digits that follow from the parts alone."""
    return blake2b("|".join(map(str, parts)).encode(), digest_size=32).hexdigest()[:length]


def dice(*parts: object) -> Random:
    """Dice thrown for these parts."""
    return Random(number(*parts))  # noqa: S311 - repeatable on purpose
