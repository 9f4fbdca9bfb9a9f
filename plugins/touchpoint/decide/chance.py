"""Holdout: who gets nothing so that the rest can be measured. A draw per identity, the same for ever.

What is kept is the draw and not the answer: at each decision it is held against the percent the file names then.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from touchpoint.campaigns.spec import Campaign
from touchpoint.settings import Policy


def holdout_percent(campaign: Campaign, policy: Policy) -> float:
    """The share held out: the campaign file's, else the policy's for its purpose."""
    own = campaign.holdout.percent
    return policy.holdout_percent[campaign.purpose.value] if own is None else own


def draw_of(salt: str, identity: UUID) -> float:
    """The draw of an identity, u in [0, 1): the first 32 bits of md5(salt:identity) as a share of all."""
    digest = hashlib.md5(f"{salt}:{identity}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def is_held_out(draw: float, percent: float) -> bool:
    """Whether a draw lies in the share held out, in percent."""
    return draw * 100 < percent
