"""The shapes of config/: shops, policy, operations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt, ValidationInfo, field_validator, model_validator

from touchpoint.addresses import is_address
from touchpoint.settings.values import Day, Duration, Line, Mailbox, Price, Signature, Strict, TimeOfDay, time_zones

LONGEST_OPEN = timedelta(days=90)
"""No platform keeps an unpaid order longer."""
PURPOSES = ("transactional", "promotional")


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
    signature: Signature
    templates: dict[str, str]  # "<campaign>/<locale>/<template>" -> the provider's template code
    segment_price: Price | None = None

    @field_validator("templates")
    @classmethod
    def _one_code_a_text(cls, value: dict[str, str]) -> dict[str, str]:
        owner: dict[str, str] = {}
        for text, code in value.items():
            if not code.strip():
                raise ValueError(f"{text} has an empty code: write the one it is registered under")
            if owner.setdefault(code.strip(), text) != text:
                raise ValueError(f"{owner[code.strip()]} and {text} have the same code {code}: register each by itself")
        return value


class EmailConfig(Strict):
    """The mail server of a shop and how it signs."""

    provider: Literal["smtp"]
    connection: str
    sender: Mailbox
    sender_name: Line
    reply_to: Mailbox | None = None


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
    signature: Signature
    agent_contact: str
    cut_off: TimeOfDay
    sending: Literal["on", "off"]
    closes_after: Duration = timedelta(hours=24)
    realm: str = "live"
    replay: list[ReplaySpan] = Field(default_factory=list)  # rehearsals alone: what make replay runs
    alarms_to: list[Mailbox] = Field(
        default_factory=list
    )  # who hears of tasks that cannot wait; empty: operations.alerts
    blackouts: list[Blackout] = Field(default_factory=list)
    sources: dict[
        Literal["member", "product", "order", "payment", "shipment", "review", "inquiry", "visit"], SourceConfig
    ]
    order_sources: list[Line] = Field(default_factory=list)  # words of its own exports, beside those of model.py,
    payment_kinds: list[Line] = Field(default_factory=list)  # that a campaign's `delay` may name
    sms: SmsConfig | None = None
    email: EmailConfig | None = None

    @field_validator("closes_after")
    @classmethod
    def _closes_in_time(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=1) <= value <= LONGEST_OPEN:
            bounds = f"1m at the soonest and {LONGEST_OPEN.days}d at the latest"
            raise ValueError(f"orders close after {bounds}: write a time between them")
        return value

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

    @model_validator(mode="after")
    def _last(self) -> QuietHours:
        if self.start == self.until:
            raise ValueError("from and until are the same, so that no hour is quiet: write two times of day")
        return self


class Caps(Strict):
    """At most so many messages a shop-local day and in any 7 such days."""

    per_day: int = Field(ge=0)
    per_week: int | None = Field(default=None, ge=0)


class Policy(Strict):
    """config/policy.yaml: what holds for every campaign of every shop."""

    quiet_hours: dict[Literal["sms", "email"], dict[Literal["transactional", "promotional"], QuietHours]]
    caps: dict[Literal["transactional", "promotional"], Caps]
    holdout_percent: dict[Literal["transactional", "promotional"], Annotated[float, Field(ge=0, le=50)]]
    test_addresses: list[str] = Field(default_factory=list)

    @field_validator("quiet_hours")
    @classmethod
    def _of_every_channel(cls, value: dict[str, dict[str, QuietHours]]) -> dict[str, dict[str, QuietHours]]:
        for channel in ("sms", "email"):
            _demand_purposes(value.get(channel), f"quiet hours of {channel}")
        return value

    @field_validator("caps", "holdout_percent")
    @classmethod
    def _of_every_purpose(cls, value: dict[str, Any], field: ValidationInfo) -> dict[str, Any]:
        _demand_purposes(value, str(field.field_name))
        return value

    @field_validator("test_addresses")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        for place, address in enumerate(value):
            if not is_address(address):
                said = f"entry {place + 1} is no e-mail address and no mobile number with its country code"
                raise ValueError(f"{said}: correct or remove it")
        return value


def _demand_purposes(found: Mapping[str, object] | None, what: str) -> None:
    for purpose in PURPOSES:
        if purpose not in (found or {}):
            raise ValueError(f"{what}: {purpose} is missing, and nothing would hold for it: add it")


class Alerts(Strict):
    """Where mail about failures goes, through which connection."""

    connection: str
    sender: Mailbox
    to: Annotated[list[Mailbox], Field(min_length=1)]


class Operations(Strict):
    """config/operations.yaml: what concerns the people who run it.

    Attributes:
        may_see_unmasked: users of the machine who may look at quarantined rows as they came; each look is kept.
    """

    alerts: Alerts | None = None
    may_see_unmasked: list[str] = Field(default_factory=list)
