"""config/logistics.yaml: how long parcels take, when one is in trouble, and where days end. The shop edits it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictInt, StrictStr, field_validator

from touchpoint.errors import ConfigError
from touchpoint.settings import norms as learning
from touchpoint.settings.load import CONFIG_ROOT, shop_ids
from touchpoint.settings.reading import parse_config, read_yaml, shown
from touchpoint.settings.shapes import Shop
from touchpoint.settings.values import Duration, Strict, parse_duration, time_zones

LONGEST = timedelta(days=120)
"""As record.parcel_horizon() in SQL."""
Days = Annotated[StrictInt, Field(ge=0, le=120)]
Share = Annotated[float, Field(ge=0, le=1)]
Trouble = Literal["lost", "out_of_area", "exception", "delayed", "attempt_failed"]
Way = Literal["picked_up", "in_transit", "customs", "arrived_city", "out_for_delivery"]


def _duration_or_never(value: object) -> timedelta | None:
    return None if value is None or value == "never" else parse_duration(value)


OrNever = Annotated[timedelta | None, BeforeValidator(_duration_or_never)]


class CarrierNorms(Strict):
    """One carrier: its days, by region where they differ, and how long its silence is normal."""

    days: Days | None = None
    regions: dict[StrictStr, Days] = Field(default_factory=dict)
    stuck_after: Duration | None = None


class Norms(Strict):
    """What a shop may say for itself; what is left out is as for all shops.

    Attributes:
        days: from the day of the carrier's first scan to the door, where nothing below says otherwise; or `learned`.
        regions, carriers: days where they differ. A carrier's region goes before the carrier, the carrier before the
            region, the region before `days`.
        stuck_after: no scan for so long is trouble; `never` where carriers scan too seldom to tell.
        still_after: a parcel without a scan for so long stood still, so that its next scan is news.
        no_first_scan_after: from the ship click to an alarm for the shop.
        give_up_after: a parcel clicked longer ago is nobody's business here any more.
        problems: how long a scan of trouble has to stand before it is spoken of.
        rest: the share of the days still ahead, by the last scan.
        zones: region -> IANA zone of its people, where it is not the shop's.
    """

    days: learning.DaysOrLearned | None = None
    regions: dict[StrictStr, Days] | None = None
    carriers: dict[StrictStr, CarrierNorms] | None = None
    stuck_after: OrNever = None
    still_after: Duration | None = None
    no_first_scan_after: Duration | None = None
    give_up_after: Duration | None = None
    problems: dict[Trouble, Duration] | None = None
    rest: dict[Way, Share] | None = None
    zones: dict[StrictStr, StrictStr] | None = None

    @field_validator("give_up_after")
    @classmethod
    def _is_within_the_horizon(cls, value: timedelta | None) -> timedelta | None:
        if value and value > LONGEST:
            raise ValueError(f"parcels are not kept longer than {LONGEST.days} days: write at most {LONGEST.days}d")
        return value

    @field_validator("zones")
    @classmethod
    def _zones_exist(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        for region, zone in (value or {}).items():
            if zone not in time_zones():
                raise ValueError(f"{zone!r} (of {region}) is no IANA time zone: write one as in America/Sao_Paulo")
        return value


class Logistics(Strict):
    """The whole file: what holds for every shop, and what a shop says instead, key by key."""

    norms: Norms
    shops: dict[StrictStr, Norms] = Field(default_factory=dict)

    @field_validator("norms")
    @classmethod
    def _is_complete(cls, value: Norms) -> Norms:
        missing = sorted(set(Norms.model_fields) - value.model_fields_set)
        if missing:
            raise ValueError(f"{missing[0]} is missing: what holds for all shops names every key")
        if isinstance(value.days, str) and learning.until_learned(value.days) is None:
            raise ValueError("days: learned holds nothing until enough was learned: write `days: learned or 7`")
        return value

    def rules(self, shop: Shop) -> dict[str, Any]:
        """What SQL works by for a shop: its own keys in place of the common ones, its zone, durations in seconds.

        Where its days are learned, `days_learned` says so and `days` is what holds until then (see norms.taught).
        """
        own = self.shops.get(shop.id, Norms())
        said = {
            key: getattr(own if key in own.model_fields_set else self.norms, key) for key in sorted(Norms.model_fields)
        }
        return {**_for_sql(said), **self._days(said["days"]), "zone": shop.zone}

    def _days(self, said: int | str) -> dict[str, Any]:
        if not isinstance(said, str):
            return {"days": said}
        until = learning.until_learned(said)
        common = self.norms.days
        if until is None:
            until = learning.until_learned(common) if isinstance(common, str) else common
        return {"days": until, "days_learned": True}


def load_logistics(config: Path = CONFIG_ROOT) -> Logistics:
    """config/logistics.yaml.

    Raises:
        ConfigError: a wrong key or value, or a shop nobody knows.
    """
    path = config / "logistics.yaml"
    logistics = parse_config(Logistics, read_yaml(path), path)
    known = {*shop_ids(config), *shop_ids(config, "rehearsals")}
    unknown = sorted(set(logistics.shops) - known)
    if unknown:
        raise ConfigError(
            f"norms of a shop nobody knows: {unknown[0]!r}",
            place=shown(path),
            remedy=f"one of: {', '.join(sorted(known))}",
        )
    return logistics


def _for_sql(value: Any) -> Any:
    if isinstance(value, Strict):
        value = {key: getattr(value, key) for key in sorted(type(value).model_fields)}
    if isinstance(value, dict):
        return {key: _for_sql(inner) for key, inner in value.items() if inner is not None}
    return int(value.total_seconds()) if isinstance(value, timedelta) else value
