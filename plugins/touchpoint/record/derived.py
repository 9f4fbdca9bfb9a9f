"""What audience statements may ask for beyond the features, made when the first one asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from touchpoint.db import Transaction
from touchpoint.learning.kept import Lessons
from touchpoint.record import refresh, rfm
from touchpoint.settings import Segments, Shop, Tags


@dataclass
class Derived:
    """The record of a shop as of a run's instant.

    Attributes:
        features: relation of the customer features: the stored one, or the run's own.
        segments: rules of scores, groups and tiers.
        inferred: the tags there are.
    """

    tx: Transaction
    shop: Shop
    as_of: datetime
    run_no: int
    features: str
    segments: Segments
    inferred: Tags

    @cached_property
    def series(self) -> str:
        """Relation of what each customer bought of each product series: stored where the features are."""
        if self.features == refresh.FEATURES:
            return refresh.SERIES
        return refresh.scratch_series(
            self.tx, shop_id=self.shop.id, as_of=self.as_of, run_no=self.run_no, segments=self.segments
        )

    @cached_property
    def tags(self) -> str:
        """Relation of the tags each customer has: what agents said by the run's instant, else what was inferred."""
        return refresh.scratch_effective(
            self.tx, shop_id=self.shop.id, as_of=self.as_of, run_no=self.run_no, tags=self._inferred_tags
        )

    @cached_property
    def _inferred_tags(self) -> str:
        """Relation of the tags inferred of each customer: stored where the features are."""
        if self.features == refresh.FEATURES:
            return refresh.TAGS
        return refresh.scratch_tags(
            self.tx,
            shop=self.shop,
            as_of=self.as_of,
            run_no=self.run_no,
            features=self.features,
            series=self.series,
            tags=self.inferred,
        )

    @cached_property
    def lessons(self) -> Lessons:
        """What the shop had learned from its own data by the run's instant."""
        return Lessons(self.tx, self.shop.id, self.as_of)

    @cached_property
    def rfm(self) -> dict[str, Any]:
        """Where scores and tiers begin; see `rfm.bounds`."""
        return rfm.bounds(self.tx, shop=self.shop, as_of=self.as_of, relation=self.features, segments=self.segments)
