"""What is expected of a landed batch: row rules per entity, and rules over many rows.

A row rule is that of a column (column_rules.py), or a column of include/sql/checks/rows/<entity>.sql, true where a line
breaks it; a rule over many rows is a statement of include/sql/checks/batch/ that returns a row when it is broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import Field

from touchpoint.column_rules import RULES, Kind, cell_reasons, columns_of
from touchpoint.db import Json
from touchpoint.model import Entity
from touchpoint.quality.shop_expectations import ShopExpectation, problems
from touchpoint.settings import CONFIG_ROOT, Duration, Strict, parse_config, read_yaml

CONTRADICTING = "contradicting_versions"

LINE_RULES: dict[Entity, dict[str, tuple[str, ...]]] = {
    Entity.MEMBER: {
        "consent_without_instant": ("sms_promotional_at", "email_promotional_at"),
        "unknown_gender": ("gender",),
    },
    Entity.PRODUCT: {},
    Entity.ORDER: {
        "unknown_kind": ("kind",),
        "unknown_payment_state": ("payment_state",),
        "paid_before_created": ("paid_at", "created_at"),
        "created_in_the_future": ("created_at",),
    },
    # The last two are judged where an export promises it; a gift may cost nothing.
    Entity.ORDER_LINE: {"unknown_kind": ("kind",), "duplicate": (), "price_not_positive": ("price",)},
    Entity.REFUND: {"unknown_state": ("state",), "duplicate": (), "price_not_positive": ("amount",)},
    Entity.PAYMENT: {"unknown_state": ("state",)},
    Entity.SHIPMENT: {},
    Entity.TRACKING_EVENT: {"unknown_state": ("state",)},
    Entity.REVIEW: {"unknown_score": ("score",)},
    Entity.INQUIRY: {"missing_key": ("customer_id", "order_id"), "unknown_kind": ("kind",)},
    Entity.VISIT: {},
}
"""Rules of include/sql/checks/rows, with the columns each is about: words of one, and rules over several."""

ROW_RULES: dict[Entity, tuple[str, ...]] = {
    entity: tuple(dict.fromkeys((*cell_reasons(entity), *rules))) for entity, rules in LINE_RULES.items()
}
"""Rules one line can break by itself; it is quarantined, the others of its batch are loaded."""

TOLD_OF: dict[Entity, tuple[str, ...]] = {
    Entity.SHIPMENT: ("shipped_before_paid",),
    Entity.TRACKING_EVENT: ("delivered_before_shipped",),
}
"""What contradicts another fact: a warning that counts the lines. They load, for nobody can say which of the two is
wrong; whoever reads them copes."""

_KEYS: dict[Entity, tuple[str, ...]] = {
    Entity.MEMBER: ("customer_id",),
    Entity.PRODUCT: ("product_id",),
    Entity.ORDER: ("order_id",),
    Entity.ORDER_LINE: ("order_id", "line_id"),
    Entity.REFUND: ("refund_id",),
    Entity.PAYMENT: ("payment_id",),
    Entity.SHIPMENT: ("shipment_id",),
    # A scan has no key but its content, so two of them never contradict each other.
    Entity.TRACKING_EVENT: ("shipment_id", "happened_at", "state", "place", "description"),
    Entity.REVIEW: ("order_id", "review_id"),
    Entity.INQUIRY: ("inquiry_id",),
    Entity.VISIT: ("visit_id",),
}

# Where a source gives no version, the latest instant of a line stands for it; the first that is set speaks.
_VERSION: dict[Entity, tuple[str, ...]] = {
    Entity.MEMBER: ("modified_at",),
    Entity.PRODUCT: ("modified_at",),
    Entity.ORDER: ("modified_at", "finished_at", "shipped_at", "closed_at", "paid_at", "created_at"),
    Entity.ORDER_LINE: ("modified_at",),
    Entity.REFUND: ("modified_at", "happened_at"),
    Entity.PAYMENT: ("modified_at", "happened_at"),
    Entity.SHIPMENT: ("modified_at", "shipped_at"),
    Entity.TRACKING_EVENT: ("happened_at",),
    Entity.REVIEW: ("modified_at", "happened_at"),
    Entity.INQUIRY: ("modified_at", "happened_at"),
    Entity.VISIT: ("modified_at", "happened_at"),
}


class Batch(Protocol):
    """A pending batch, as facts.landing gives it."""

    @property
    def batch_id(self) -> int: ...
    @property
    def entity(self) -> Entity: ...
    @property
    def as_of(self) -> datetime: ...
    @property
    def verdict(self) -> str | None: ...


@dataclass(frozen=True)
class Finding:
    """What one expectation found in one batch.

    Attributes:
        severity: critical stops the run, warning tells, row quarantines the failing lines.
        failing: lines that broke a row rule or contradict another fact; 1 for a broken rule over many rows.
    """

    batch_id: int
    entity: str
    rule: str
    severity: str
    success: bool
    failing: int = 0


class Shares(Strict):
    """From where on a rule tells, and from where on it stops the run; None: never."""

    warning: float | None = Field(default=None, ge=0)
    critical: float | None = Field(default=None, ge=0)


class Thresholds(Strict):
    """config/quality.yaml."""

    need_rows: int = Field(ge=1)
    quarantined_share: Shares
    volume_low: Shares
    volume_high: Shares
    stale_after: Duration
    expectations: list[ShopExpectation] = Field(default_factory=list)


def load_thresholds(config: Path = CONFIG_ROOT) -> Thresholds:
    """config/quality.yaml, read strictly.

    Raises:
        ConfigError: naming the key and the remedy. (What the library and the database say: see judge.try_out.)
    """
    path = config / "quality.yaml"
    thresholds = parse_config(Thresholds, read_yaml(path), path)
    for problem in problems(thresholds.expectations, path, config):
        raise problem
    return thresholds


@dataclass(frozen=True)
class Expectation:
    """One expectation: a statement that returns a row for each line, or at all, when it is broken."""

    rule: str
    severity: str
    statement: str
    params: dict[str, Any]


def failing_params(batch: Batch) -> dict[str, Any]:
    """Parameters of checks/failing: which lines of a batch break a row rule, whenever it is asked."""
    entity = Entity(batch.entity)
    blamed = {**LINE_RULES[entity], CONTRADICTING: _KEYS[entity]}
    return {
        "batch_id": batch.batch_id,
        "as_of": batch.as_of,
        # Text of an instant begins with its day: a look at it spares most lines the reading.
        "as_of_day": batch.as_of.astimezone(UTC).date().isoformat(),
        "cells": "checks/cells",
        "rows": f"checks/rows/{entity.value}" if LINE_RULES[entity] else "checks/rows/none",
        "relation": f"landing.{entity.value}",
        "keys": _KEYS[entity],
        "version": _VERSION[entity],
        "columns_of_rules": Json(blamed),
        **_column_params(entity),
    }


def _column_params(entity: Entity) -> dict[str, Any]:
    rules = RULES[entity]
    measured = {name: rule.longest for name, rule in rules.items() if rule.longest is not None}
    amounts = columns_of(entity, Kind.MONEY, Kind.PRICE)
    typed = [name for name in rules if name not in measured and name not in amounts]
    listed = [
        {"name": name, "kind": rule.kind, "is_required": rule.is_required, "longest": rule.longest}
        for name, rule in rules.items()
    ]
    return {
        "rules": Json(listed),
        "shortest_limit": min(measured.values()),
        "required": [name for name, rule in rules.items() if rule.is_required],
        "texts": list(measured),
        "measured": list(measured),
        "typed": [f"{name}:{rules[name].kind}" for name in typed],
        "amounts": [f"{name}:{rules[name].kind}" for name in amounts],
    }


def expectations(batch: Batch, thresholds: Thresholds, real_now: datetime) -> Iterator[Expectation]:
    """The suite of a batch: its row rules, then the rules over many rows."""
    for rule in (*ROW_RULES[Entity(batch.entity)], CONTRADICTING):
        yield Expectation(rule, "row", "checks/rule", {"rule": rule})
    this: dict[str, Any] = {"batch_id": batch.batch_id}
    for rule in TOLD_OF.get(Entity(batch.entity), ()):
        yield Expectation(rule, "warning", f"checks/batch/{rule}", this)
    enough = {**this, "need_rows": thresholds.need_rows}
    yield Expectation("keys_absent", "critical", "checks/batch/keys_absent", enough)
    for rule, shares, bound in (
        ("quarantined_share", thresholds.quarantined_share, "most"),
        ("volume_low", thresholds.volume_low, "least"),
        ("volume_high", thresholds.volume_high, "most"),
    ):
        for severity, share in (("critical", shares.critical), ("warning", shares.warning)):
            if share is not None:
                params = {**enough, bound: share}
                if rule == "volume_low":
                    # A list exported by the week, a shop on holiday: what brings nothing is told of, and stops nothing.
                    params["least_landed"] = int(severity == "critical")
                yield Expectation(rule, severity, f"checks/batch/{rule}", params)
    stale = {**this, "not_before": real_now - thresholds.stale_after}
    yield Expectation("call_stale", "warning", "checks/batch/call_stale", stale)
