"""What is asked of a test send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

REALM = "test"
LASTS = timedelta(minutes=15)
"""A test message is sent at once or not at all."""


@dataclass(frozen=True)
class Asked:
    """What is to be tried. What is None is chosen: the first step, a candidate's variant, the shop's locale."""

    campaign_id: str
    shop_id: str
    to: str
    as_of: datetime
    step: str | None = None
    variant: str | None = None
    locale: str | None = None
