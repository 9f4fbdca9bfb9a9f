"""`rescan_days` of a shop file: of a platform's orders alone."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from touchpoint.settings import Shop, load_shop

TAOBAO = {"adapter": "taobao", "connection": "sandbox_platform"}
FILES = {"adapter": "files", "connection": "sandbox_files", "mapping": "sandbox_members"}


def with_sources(**sources: Any) -> Shop:
    given = load_shop("sandbox").model_dump(mode="json", by_alias=True, exclude={"sources"}, exclude_none=True)
    return Shop.model_validate({**given, "closes_after": "24h", "cut_off": "16:00", "sources": sources})


def test_orders_of_a_platform_are_looked_at_for_three_days_unless_the_file_says_otherwise() -> None:
    assert with_sources(order=TAOBAO).sources["order"].rescan_days == 3
    assert with_sources(order={**TAOBAO, "rescan_days": 0}).sources["order"].rescan_days == 0


@pytest.mark.parametrize(
    "sources", [{"order": {**FILES, "rescan_days": 3}}, {"shipment": {**TAOBAO, "rescan_days": 3}}]
)
def test_what_nobody_can_look_at_again_is_refused(sources: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="only orders of a platform are looked at again"):
        with_sources(**sources)


@pytest.mark.parametrize("days", [-1, 61, "3", 1.5, True])
def test_days_are_a_whole_number_within_what_a_night_can_read(days: Any) -> None:
    with pytest.raises(ValidationError, match="rescan_days"):
        with_sources(order={**TAOBAO, "rescan_days": days})
