"""What a campaign needs a shop to have: the sources of the facts its audience statement reads."""

from __future__ import annotations

import re

from touchpoint import statements
from touchpoint.campaigns.spec import Campaign
from touchpoint.model import Entity
from touchpoint.settings import NEEDS, Shop

_SOURCES = {
    "orders": Entity.ORDER,
    "shipments": Entity.SHIPMENT,
    "tracking_events": Entity.SHIPMENT,
    "reviews": Entity.REVIEW,
    "products": Entity.PRODUCT,
    "payments": Entity.PAYMENT,
    "inquiries": Entity.INQUIRY,
    "visits": Entity.VISIT,
}
"""Table of facts -> the source that brings it."""


def unavailable(campaign: Campaign, shop: Shop) -> str | None:
    """Why a campaign cannot find anybody in a shop, and what to connect; None: the shop has what the audience reads.

    What its statement's header says it reads counts; facts that functions look at on the way are no condition.
    """
    reads = statements.load(f"audiences/{campaign.audience.statement}").header["reads"]
    needed = dict.fromkeys(_SOURCES.get(table) for table in re.findall(r"facts\.(\w+)", reads))
    missing = [entity for entity in needed if entity is not None and entity not in shop.sources]
    return "; ".join(NEEDS[entity].remedy for entity in missing) or None
