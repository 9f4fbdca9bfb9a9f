"""What audience statements may ask for by name: the run, its shop, the campaign's parameters, the customer record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from touchpoint.campaigns import variants as words_for
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json
from touchpoint.decide.taught import Lessons
from touchpoint.model import Run
from touchpoint.settings import Segments, Shop


class Derived(Protocol):
    """The customer record beyond the features; each part is made when a statement asks for it."""

    @property
    def series(self) -> str:
        """Relation of what each customer bought of each product series."""

    @property
    def tags(self) -> str:
        """Relation of the tags each customer has: what agents said, else what was inferred."""

    @property
    def lessons(self) -> Lessons:
        """What the shop had learned from its own data by then."""

    @property
    def rfm(self) -> dict[str, Any]:
        """Where RFM scores and value tiers begin, and what they are called."""


def available(
    *,
    run: Run,
    shop: Shop,
    campaign: Campaign,
    relation: str,
    segments: Segments,
    derived: Derived | None = None,
    logistics: Mapping[str, Any] | None = None,
) -> dict[str, object]:
    """What an audience statement may ask for, by parameter name; durations inside jsonb are seconds.

    What costs a pass over the shop stands as a function, called if the statement asks for it.
    """
    return {
        "realm": run.realm,
        "shop_id": run.shop_id,
        "as_of": run.as_of,
        "campaign_id": campaign.id,
        "step": campaign.steps[0].id,
        "zone": shop.zone,
        "closes_after": shop.closes_after,
        "currency": shop.currency,
        "entities": Json(sorted(shop.sources)),
        "variants": Json(words_for.for_sql(campaign.variants)),
        "parameters": Json(campaign.audience.sql_parameters()),
        "offers": Json(campaign.offers_in(shop)),
        "segments": Json(threshold_seconds(segments)),
        "features": relation,
        **({"logistics": Json(dict(logistics))} if logistics else {}),
        **(_made(derived) if derived else {}),
    }


def _made(derived: Derived) -> dict[str, Callable[[], object]]:
    return {"series": lambda: derived.series, "tags": lambda: derived.tags, "rfm": lambda: Json(derived.rfm)}


def configured_values(given: Mapping[str, object], segments: Segments) -> dict[str, object]:
    """Of what a statement asks for, what people configure, as plain JSON.

    Bounds that come from the shop's own customers are data; the rules they come by are configuration.
    """
    found: dict[str, object] = {key: value.adapted for key, value in given.items() if hasattr(value, "adapted")}
    if isinstance(closes_after := given.get("closes_after"), timedelta):
        found["closes_after"] = int(closes_after.total_seconds())
    if "rfm" in given:
        found["rules"] = segments.model_dump(mode="json", include={"rfm", "value_tiers"})
    return found


def with_values(given: Mapping[str, object], configured: Mapping[str, object]) -> dict[str, object]:
    """What there is to ask for, some of its JSON values replaced."""
    return {**given, **{key: Json(value) for key, value in configured.items() if hasattr(given.get(key), "adapted")}}


def threshold_seconds(segments: Segments) -> dict[str, int]:
    """Lifecycle thresholds as SQL takes them: counts as they are, silences in seconds."""
    return segments.seconds()
