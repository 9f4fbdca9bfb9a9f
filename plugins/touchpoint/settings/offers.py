"""config/offers.yaml: what a promotion may promise, how often, and until when. Both ends are kept at the claim."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt, StrictStr, field_validator, model_validator

from touchpoint.errors import ConfigError
from touchpoint.settings.load import CONFIG_ROOT, shop_ids
from touchpoint.settings.reading import parse_config, read_yaml, shown
from touchpoint.settings.values import Strict

_ID = re.compile(r"^[a-z][a-z0-9_]*$")
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
_MINUTE = re.compile(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$")
LONGEST = 20
"""Characters of an offer: it stands in an SMS with everything else."""


def _day_or_instant(value: object) -> str:
    written = value if isinstance(value, str) else ""
    if not (_DAY.match(written) or _MINUTE.match(written)):
        raise ValueError(f'{value!r} is no day or instant: write "2026-12-31" or "2026-12-31 18:00" (the shop\'s zone)')
    datetime.fromisoformat(written)  # no 31st of February
    return written


class Terms(Strict):
    """An offer in one shop.

    Attributes:
        quota: how many people get it, at most.
        starts: the first day, or the instant, in the shop's zone unless it carries an offset.
        ends: the last day, which belongs to it, or the instant it is over at.
    """

    quota: Annotated[StrictInt, Field(ge=1)]
    starts: StrictStr = Field(alias="from")
    ends: StrictStr = Field(alias="until")

    @field_validator("starts", "ends")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        return _day_or_instant(value)

    @model_validator(mode="after")
    def _lasts(self) -> Terms:
        if not self.opens_at(ZoneInfo("UTC")) < self.closes_at(ZoneInfo("UTC")):
            raise ValueError("from is not before until: an offer lasts")
        return self

    def opens_at(self, zone: ZoneInfo) -> datetime:
        """The first instant of the offer, aware."""
        return _instant(self.starts, zone)

    def closes_at(self, zone: ZoneInfo) -> datetime:
        """The first instant after the offer, aware."""
        return _instant(self.ends, zone, after=timedelta(days=1))

    @property
    def ends_with_a_day(self) -> bool:
        """Whether `until` is a whole day, the last."""
        return bool(_DAY.match(self.ends))


class Offer(Strict):
    """What is offered, in a few words of each locale, and where on which terms.

    Attributes:
        id: its key in config/offers.yaml.
        shops: shop -> terms. A shop that is not named does not make the offer.
    """

    id: str
    text: Annotated[
        dict[Literal["zh-CN", "en"], Annotated[StrictStr, Field(min_length=1, max_length=LONGEST)]],
        Field(min_length=1),
    ]
    shops: Annotated[dict[StrictStr, Terms], Field(min_length=1)]


def load_offers(config: Path = CONFIG_ROOT) -> dict[str, Offer]:
    """All offers by id; without a file there are none.

    Raises:
        ConfigError: naming the file, the offer, the key and the remedy.
    """
    path = config / "offers.yaml"
    if not path.is_file():
        return {}
    content = read_yaml(path)
    if not isinstance(content, Mapping):
        raise ConfigError("no offers in it", place=shown(path), remedy="write an id, and below it text and shops")
    return {str(offer_id): _offer(str(offer_id), entry, path, config) for offer_id, entry in content.items()}


def _offer(offer_id: str, entry: object, path: Path, config: Path) -> Offer:
    place = f"{shown(path)}: {offer_id}"
    if not _ID.match(offer_id) or offer_id == "none":
        raise ConfigError(f"{offer_id!r} is no id", place=place, remedy="use small letters, digits and _; not `none`")
    if not isinstance(entry, Mapping) or "id" in entry:
        raise ConfigError("not an offer", place=place, remedy="write text and shops below it; its key is its id")
    try:
        offer = parse_config(Offer, {"id": offer_id, **entry}, path)
    except ConfigError as error:
        raise ConfigError(error.thing, place=place, remedy=error.remedy) from error
    known = [*shop_ids(config), *shop_ids(config, "rehearsals")]
    for shop_id in offer.shops:
        if shop_id not in known:
            raise ConfigError(
                f"unknown shop {shop_id!r}", place=f"{place}: shops", remedy=f"one of: {', '.join(known)}"
            )
    return offer


def _instant(written: str, zone: ZoneInfo, *, after: timedelta = timedelta(0)) -> datetime:
    if _DAY.match(written):
        midnight = datetime.combine(date.fromisoformat(written) + after, time(0), zone)
        return midnight.astimezone(UTC).astimezone(zone)  # a day that has no midnight begins when the clocks say so
    found = datetime.fromisoformat(written)
    return found if found.tzinfo else found.replace(tzinfo=zone)
