"""Holdout: who gets nothing so that the rest can be measured. A draw per identity, the same for ever."""

from __future__ import annotations

import hashlib
from uuid import UUID

from touchpoint.campaigns.spec import Campaign
from touchpoint.settings import Policy


def holdout_percent(campaign: Campaign, policy: Policy) -> float:
    """The share held out: the campaign file's, else the policy's for its purpose."""
    own = campaign.holdout.percent
    return policy.holdout_percent[campaign.purpose.value] if own is None else own


def drawn(salt: str, identity: UUID, percent: float) -> bool:
    """Whether an identity is held out: the first 32 bits of md5(salt:identity) as a share of all."""
    digest = hashlib.md5(f"{salt}:{identity}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") * 100 < percent * 2**32
