"""The shapes of config/: shops, policy, operations."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt, field_validator, model_validator

from touchpoint.settings.values import Day, Duration, Price, Strict, TimeOfDay, time_zones


class SourceConfig(Strict):
    """Where one entity of a shop comes from.

    Attributes:
        overlap: how far before the last reading the next one begins, for what a platform lists late.
        settle_lag: how long before as_of a reading ends: the last minutes are still moving.
        history: how far back the first reading goes.
        rescan_days: orders made in so many days are all looked at again every night; 0: none.
    """

    adapter: Literal["taobao", "files"]
    connection: str | None = None
    mapping: str | None = None  # files: config/mappings/<mapping>.yaml
    overlap: Duration = timedelta(minutes=5)
    settle_lag: Duration = timedelta(minutes=1)
    history: Duration = timedelta(days=400)
    rescan_days: StrictInt = Field(default=3, ge=0, le=60)


class SmsConfig(Strict):
    """The SMS provider of a shop: connection id, signature as registered, template codes as registered.

    Attributes:
        segment_price: what one part of a text costs, in the shop's currency; None: unknown.
    """

    provider: Literal["aliyun_sms"]
    connection: str
    signature: str
    templates: dict[str, str]  # "<campaign>/<locale>/<template>" -> the provider's template code
    segment_price: Price | None = None


class EmailConfig(Strict):
    """The mail server of a shop and how it signs."""

    provider: Literal["smtp"]
    connection: str
    sender: str
    sender_name: str
    reply_to: str | None = None


class ReplaySpan(Strict):
    """Past instants `make replay` runs a rehearsal's DAG at: from (inclusive) until (exclusive), in the shop's zone."""

    cadence: Literal["intraday", "daily", "monthly"]
    start: datetime = Field(alias="from")
    until: datetime
    every: Duration

    @field_validator("start", "until", mode="before")
    @classmethod
    def _local(cls, value: object) -> datetime:
        try:
            instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo:
            raise ValueError('write the shop\'s own time, quoted, as in "2020-02-20T00:00"')
        return instant


class Blackout(Strict):
    """Days without promotions, as around a big sale: whole days of the shop's zone, `until` included.

    Attributes:
        reason: for the people who read the file.
        exempt: ids of the campaigns that go on all the same: the sale's own.
    """

    start: Day = Field(alias="from")
    until: Day
    reason: str = Field(min_length=1)
    exempt: list[str] = Field(default_factory=list, alias="except")

    @model_validator(mode="after")
    def _lasts(self) -> Blackout:
        if self.until < self.start:
            raise ValueError("until is before from: both are days, and until belongs to it")
        return self

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first instant and the first one after it, aware; where no clock shows midnight, the jump past it."""
        return (
            datetime.combine(self.start, time(0), zone).astimezone(UTC),
            datetime.combine(self.until + timedelta(days=1), time(0), zone).astimezone(UTC),
        )


class Shop(Strict):
    """One storefront: platform, time zone, currency, locale, signature; file name = id."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    brand: str | None = None
    platform: Literal["taobao", "files"]
    zone: str
    locale: Literal["zh-CN", "en"]
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    signature: str
    agent_contact: str
    cut_off: TimeOfDay
    sending: Literal["on", "off"]
    closes_after: Duration = timedelta(hours=24)
    realm: str = "live"
    replay: list[ReplaySpan] = Field(default_factory=list)  # rehearsals alone: what make replay runs
    alarms_to: list[str] = Field(default_factory=list)  # who hears of tasks that cannot wait; empty: operations.alerts
    blackouts: list[Blackout] = Field(default_factory=list)
    sources: dict[
        Literal["member", "product", "order", "payment", "shipment", "review", "inquiry", "visit"], SourceConfig
    ]
    sms: SmsConfig | None = None
    email: EmailConfig | None = None

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value not in time_zones():
            raise ValueError(f"{value!r} is no IANA time zone: write one as in Asia/Shanghai")
        return value

    @field_validator("sources")
    @classmethod
    def _platform_orders_are_rescanned(cls, value: dict[str, SourceConfig]) -> dict[str, SourceConfig]:
        for entity, source in value.items():
            if "rescan_days" in source.model_fields_set and (entity != "order" or source.adapter == "files"):
                raise ValueError(
                    f"{entity} has rescan_days: only orders of a platform are looked at again; leave it out"
                )
        return value

    @property
    def tz(self) -> ZoneInfo:
        """The shop's zone."""
        return ZoneInfo(self.zone)

    def blackouts_of(self, campaign_id: str) -> list[tuple[datetime, datetime]]:
        """When a promotional campaign must be silent: half-open spans of aware instants, sorted."""
        return sorted(each.span(self.tz) for each in self.blackouts if campaign_id not in each.exempt)

    @property
    def holdout_scope(self) -> str:
        """Within what chance is kept: the brand where shops share one, else the shop."""
        return f"brand:{self.brand}" if self.brand else f"shop:{self.id}"

    @property
    def identity_scope(self) -> str:
        """Within what a person is one identity."""
        return self.holdout_scope


class QuietHours(Strict):
    """Local hours in which nothing goes: from (inclusive) until (exclusive), past midnight if from > until."""

    start: TimeOfDay = Field(alias="from")
    until: TimeOfDay


class Caps(Strict):
    """At most so many messages a shop-local day and in any 7 such days."""

    per_day: int = Field(ge=0)
    per_week: int | None = Field(default=None, ge=0)


class Policy(Strict):
    """config/policy.yaml: what holds for every campaign of every shop."""

    quiet_hours: dict[Literal["sms", "email"], dict[Literal["transactional", "promotional"], QuietHours]]
    caps: dict[Literal["transactional", "promotional"], Caps]
    holdout_percent: dict[Literal["transactional", "promotional"], float]
    test_addresses: list[str] = Field(default_factory=list)


class Alerts(Strict):
    """Where mail about failures goes, through which connection."""

    connection: str
    sender: str
    to: list[str]


class Operations(Strict):
    """config/operations.yaml: what concerns the people who run it."""

    alerts: Alerts | None = None
