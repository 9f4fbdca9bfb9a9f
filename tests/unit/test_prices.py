"""A price in a shop's file: exact, quoted, or not there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from touchpoint.settings.shapes import SmsConfig

SMS = {"provider": "aliyun_sms", "connection": "sandbox_sms", "signature": "x", "templates": {}}


@pytest.mark.parametrize(("written", "read"), [("0.045", "0.045"), ("1", "1"), ("0", "0"), ("12.5", "12.5")])
def test_a_quoted_price_is_kept_to_the_last_digit(written: str, read: str) -> None:
    assert SmsConfig.model_validate({**SMS, "segment_price": written}).segment_price == Decimal(read)


def test_no_price_is_an_unknown_one() -> None:
    assert SmsConfig.model_validate(SMS).segment_price is None


@pytest.mark.parametrize("written", [0.045, 1, True, "", "-1", "0,04", "1e3", "NaN", ".5", "0.1234567", " 1", "¥1"])
def test_anything_else_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError, match="write it quoted"):
        SmsConfig.model_validate({**SMS, "segment_price": written})
