"""Which campaigns a run asks: the branch of the DAG, as a pure function of configuration, cadence and instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from touchpoint.campaigns.spec import Campaign
from touchpoint.model import Cadence
from touchpoint.settings import Shop

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def due_campaigns(campaigns: Mapping[str, Campaign], cadence: Cadence, as_of: datetime, shop: Shop) -> list[str]:
    """Ids of the enabled campaigns of a cadence due at an instant, sorted; days are those of the shop's zone."""
    return sorted(
        campaign.id
        for campaign in campaigns.values()
        if campaign.enabled and campaign.cadence == cadence and is_due(campaign, as_of, shop)
    )


def is_due(campaign: Campaign, as_of: datetime, shop: Shop) -> bool:
    """Whether a campaign's `due` names the shop-local day of an instant."""
    if campaign.due == "every_run":
        return True
    local = as_of.astimezone(shop.tz)
    return local.day in campaign.due.day_of_month or _WEEKDAYS[local.weekday()] in campaign.due.weekday
