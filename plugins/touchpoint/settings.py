"""What people write in config/ and what connections hold, read strictly: an error names file, key and remedy."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from touchpoint.errors import ConfigError
from touchpoint.statements import ROOT

CONFIG_ROOT = Path(os.environ.get("TOUCHPOINT_CONFIG", ROOT / "config"))
ModelT = TypeVar("ModelT", bound=BaseModel)
T = TypeVar("T", bound=BaseModel)
_DURATION = re.compile(r"^(\d+)(s|m|h|d)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MANGLED = re.compile(
    r"^([-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|0[0-7_]+|\d{4}-\d\d?-\d\d?.*|[Yy]es|YES|[Nn]o|NO|[YyNn])$"
)


def parse_duration(value: object) -> timedelta:
    """`90s`, `30m`, `24h`, `60d` as a timedelta."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{value!r} is no duration: write a number and s, m, h or d, as in 30m")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_time(value: object) -> time:
    """`"09:30"` as a time of day; quoted, because YAML reads 10:30 as 630."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not re.match(r"^\d\d:\d\d$", value):
        raise ValueError(f'{value!r} is no time of day: write it quoted, as in "09:30"')
    return time.fromisoformat(value)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
TimeOfDay = Annotated[time, BeforeValidator(parse_time)]


class Strict(BaseModel):
    """A configuration object: unknown keys are refused, values are never coerced, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class SourceConfig(Strict):
    """Where one entity of a shop comes from."""

    adapter: Literal["taobao", "files"]
    connection: str | None = None
    mapping: str | None = None  # files: config/mappings/<mapping>.yaml
    overlap: Duration = timedelta(minutes=5)
    settle_lag: Duration = timedelta(minutes=1)
    history: Duration = timedelta(days=400)


class SmsConfig(Strict):
    """The SMS provider of a shop: connection id, signature as registered, template codes as registered."""

    provider: Literal["aliyun_sms"]
    connection: str
    signature: str
    templates: dict[str, str]  # "<campaign>/<locale>/<template>" -> the provider's template code


class EmailConfig(Strict):
    """The mail server of a shop and how it signs."""

    provider: Literal["smtp"]
    connection: str
    sender: str
    sender_name: str
    reply_to: str | None = None


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
    sources: dict[Literal["member", "order", "shipment"], SourceConfig]
    sms: SmsConfig | None = None
    email: EmailConfig | None = None

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone: write one as in Asia/Shanghai")
        return value

    @property
    def tz(self) -> ZoneInfo:
        """The shop's zone."""
        return ZoneInfo(self.zone)

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
    test_addresses: list[str] = []


class Segments(Strict):
    """config/segments.yaml: lifecycle thresholds."""

    new_orders: int = 1
    second_time_orders: int = 2
    loyal_orders: int = 3
    drifting_after: Duration
    dormant_after: Duration
    lost_after: Duration


class Alerts(Strict):
    """Where mail about failures goes, through which connection."""

    connection: str
    sender: str
    to: list[str]


class Operations(Strict):
    """config/operations.yaml: what concerns the people who run it."""

    alerts: Alerts | None = None


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses duplicate keys, anchors and what YAML 1.1 would mangle; `on` and `off` stay words."""


def _plain_scalar(loader: _StrictLoader, node: yaml.ScalarNode) -> object:
    if node.style is None and _MANGLED.match(node.value):
        raise ConfigError(
            f"{node.value!r} is not what YAML makes of it",
            place=f"{node.start_mark.name}:{node.start_mark.line + 1}",
            remedy=f'quote it: "{node.value}"',
        )
    if node.style is None and node.value in ("on", "off", "On", "Off", "ON", "OFF"):
        return node.value.lower()
    tag = node.tag.rpartition(":")[2]
    build: dict[str, Callable[[yaml.ScalarNode], object]] = {
        "bool": loader.construct_yaml_bool,
        "int": loader.construct_yaml_int,
        "float": loader.construct_yaml_float,
        "null": loader.construct_yaml_null,
    }
    return build[tag](node) if tag in build else loader.construct_scalar(node)


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[object, object]:
    found: dict[object, object] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise ConfigError(
                f"duplicate key {key!r}",
                place=f"{key_node.start_mark.name}:{key_node.start_mark.line + 1}",
                remedy="keep one of them",
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


for _tag in ("bool", "int", "float", "null", "str", "timestamp"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _plain_scalar)
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _refuse_alias(loader: _StrictLoader, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
    if loader.check_event(yaml.AliasEvent):
        event = loader.peek_event()  # type: ignore[no-untyped-call]
        raise ConfigError(
            f"alias *{event.anchor}",
            place=f"{event.start_mark.name}:{event.start_mark.line + 1}",
            remedy="write the value out: anchors and aliases are refused",
        )
    return yaml.SafeLoader.compose_node(loader, parent, index)


_StrictLoader.compose_node = _refuse_alias  # type: ignore[assignment]


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        ConfigError: no such file, not UTF-8, no YAML, a duplicate key, or a scalar that needs quotes.
    """
    place = shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError("no such file", place=place, remedy="create it or correct the name") from error
    except UnicodeDecodeError as error:
        raise ConfigError("not UTF-8", place=place, remedy="save it as UTF-8") from error
    loader = _StrictLoader(text)
    loader.name = place
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise ConfigError(f"no YAML: {error}", place=place, remedy="correct the syntax") from error
    finally:
        loader.dispose()


def parse_config(kind: type[T], content: object, path: Path) -> T:
    """A configuration object from what a file holds.

    Raises:
        ConfigError: naming the file, the first wrong key, and what to do.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        thing, remedy = _explain(kind, error)
        raise ConfigError(thing, place=shown(path), remedy=remedy) from error


def _explain(kind: type[BaseModel], error: ValidationError) -> tuple[str, str]:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "(file)"
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r}", f"known keys: {', '.join(_known_keys(kind, first['loc']))}"
    if first["type"] == "missing":
        return f"missing key {key!r}", "add it"
    return f"key {key!r} is wrong", first["msg"].removeprefix("Value error, ")


def _known_keys(kind: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Keys of the object, nested or not, that the last part of a place was looked for in."""
    for part in place[:-1]:
        found = {known.alias or name: known for name, known in kind.model_fields.items()}.get(str(part))
        nested = _models(found.annotation) if found else []
        kind = nested[0] if nested else kind
    return [known.alias or name for name, known in kind.model_fields.items()]


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def shown(path: Path) -> str:
    """A path as people know it: below the repository's root where it lies there."""
    try:
        return path.resolve().relative_to(ROOT).as_posix()
    except ValueError:
        return path.name


def load_shop(shop_id: str, config: Path = CONFIG_ROOT) -> Shop:
    """A shop by id, from config/shops/ or config/rehearsals/."""
    for folder in ("shops", "rehearsals"):
        path = config / folder / f"{shop_id}.yaml"
        if path.is_file():
            shop = parse_config(Shop, read_yaml(path), path)
            if shop.id != shop_id:
                raise ConfigError(
                    f"id is {shop.id!r}", place=shown(path), remedy=f"write id: {shop_id}, the file's name"
                )
            if (folder == "shops") != (shop.realm == "live"):
                raise ConfigError(
                    f"realm is {shop.realm!r}", place=shown(path), remedy="live below shops/, a name below rehearsals/"
                )
            return shop
    raise ConfigError(f"no shop {shop_id!r}", place="config/shops", remedy=f"one of: {', '.join(shop_ids(config))}")


def shop_ids(config: Path = CONFIG_ROOT, folder: str = "shops") -> list[str]:
    """Ids of all shops of a folder (shops or rehearsals), sorted."""
    return sorted(path.stem for path in (config / folder).glob("*.yaml"))


def load_policy(config: Path = CONFIG_ROOT) -> Policy:
    """config/policy.yaml."""
    return parse_config(Policy, read_yaml(config / "policy.yaml"), config / "policy.yaml")


def load_segments(config: Path = CONFIG_ROOT) -> Segments:
    """config/segments.yaml."""
    return parse_config(Segments, read_yaml(config / "segments.yaml"), config / "segments.yaml")


def load_operations(config: Path = CONFIG_ROOT) -> Operations:
    """config/operations.yaml."""
    return parse_config(Operations, read_yaml(config / "operations.yaml"), config / "operations.yaml")


@dataclass(frozen=True)
class ConnectionInfo:
    """What a connection id stands for. `extra` holds what the adapter needs beyond host and log-in."""

    conn_id: str
    kind: str = ""
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_sandbox(self) -> bool:
        """Declared a sandbox endpoint: the only kind any realm but live may use."""
        return self.extra.get("sandbox") is True


Resolver = Callable[[str], ConnectionInfo]
"""Connection id -> connection. Entry points pass one in: Airflow's, or `environment_connection`."""


def environment_connection(conn_id: str) -> ConnectionInfo:
    """A connection from AIRFLOW_CONN_<ID>, as JSON or URI.

    Raises:
        ConfigError: the variable is not set, or cannot be read.
    """
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    raw = os.environ.get(name)
    if not raw:
        raise ConfigError(f"connection {conn_id!r} is not set", place=name, remedy="set it as JSON or as a URI")
    try:
        return _from_json(conn_id, raw) if raw.lstrip().startswith("{") else _from_uri(conn_id, raw)
    except (ValueError, TypeError, AttributeError):
        # Without the cause: its text may quote a secret.
        raise ConfigError("it cannot be read", place=name, remedy="set it as JSON or as a URI") from None


def _from_json(conn_id: str, raw: str) -> ConnectionInfo:
    data = json.loads(raw)
    extra = data.get("extra") or {}
    return ConnectionInfo(
        conn_id=conn_id,
        kind=data.get("conn_type", ""),
        host=data.get("host") or "",
        port=int(data["port"]) if data.get("port") else None,
        login=data.get("login") or "",
        password=data.get("password") or "",
        schema=data.get("schema") or "",
        extra=dict(json.loads(extra) if isinstance(extra, str) else extra),
    )


def _from_uri(conn_id: str, raw: str) -> ConnectionInfo:
    parts = urlsplit(raw)
    if not parts.scheme:
        raise ValueError("no URI")
    query = dict(parse_qsl(parts.query))
    return ConnectionInfo(
        conn_id=conn_id,
        kind=parts.scheme,
        host=unquote(parts.hostname or ""),
        port=parts.port,
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        schema=unquote(parts.path.lstrip("/")),
        extra=dict(json.loads(query.pop("__extra__"))) if "__extra__" in query else query,
    )


TOUCHPOINT_CONNECTION = "touchpoint"
"""Connection id of the Touchpoint database; its extra holds hash_key and environment_id."""


def database_url(connection: ConnectionInfo) -> str:
    """SQLAlchemy URL of the Touchpoint database. extra.socket_dir names a unix socket's folder, if it is one."""
    from sqlalchemy import URL

    socket_dir = connection.extra.get("socket_dir")
    url = URL.create(
        "postgresql+psycopg2",
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or "localhost",
        port=connection.port,
        database=connection.schema,
        query={"host": socket_dir} if socket_dir else {},
    )
    return url.render_as_string(hide_password=False)


def hash_key(connection: ConnectionInfo) -> bytes:
    """The key of every address hash and identity, from the connection's extra (a secrets backend in production)."""
    key = connection.extra.get("hash_key")
    if not key:
        raise ConfigError(
            "no hash_key",
            place=f"connection {connection.conn_id}, extra",
            remedy="set a random one once, never change it",
        )
    return str(key).encode()


def content_hash(content: object) -> str:
    """SHA-256 of a configuration value, hex, independent of key order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()
