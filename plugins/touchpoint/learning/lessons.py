"""What a learner is given, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from touchpoint.db import Transaction
from touchpoint.settings import Logistics, Segments, Shop
from touchpoint.settings.learning import Learning


@dataclass(frozen=True)
class Rules:
    """What people configure: config/learning.yaml as it holds for the shop, segments.yaml and logistics.yaml."""

    learning: Learning
    segments: Segments
    logistics: Logistics | None = None


@dataclass(frozen=True)
class Lesson:
    """What a learner found.

    Attributes:
        body: what is worked by, as JSON; durations in seconds. The same data give the same body to the letter.
        since, until: facts of this span were looked at; since None: from the first on.
        sample: orders, parcels or customers it was learned from.
        data_hash: SHA-256, hex, of the observations.
        told: more that people may want to see now, and that is not kept.
    """

    body: Mapping[str, Any]
    since: datetime | None
    until: datetime
    sample: int
    data_hash: str
    told: Mapping[str, Any] = field(default_factory=dict)


Learn = Callable[[Transaction, Shop, datetime, Rules], Lesson | None]
"""Learns as of an instant; None: there is not enough to learn from, and what is in force stays."""
