"""A text is not made around a value nobody knows: "expected on ." was sent once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.render.conftest import MORNING
from tests.unit.render.test_shipment_context import row

from touchpoint.errors import RenderError
from touchpoint.model import Channel, Purpose
from touchpoint.render.messages import Rendered, Renderer, message_context
from touchpoint.settings import Shop


def made(shop: Shop, root: Path, words: str, channel: Channel = Channel.SMS, **told: object) -> Rendered:
    folder = root / "messages/parcel/zh-CN/arriving"
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("sms.txt", "subject.txt", "body.txt", "body.html"):
        (folder / part).write_text(words, encoding="utf-8")
    return Renderer(root).render(
        shop=shop,
        campaign="parcel",
        locale="zh-CN",
        template="arriving",
        variant=None,
        channel=channel,
        purpose=Purpose.TRANSACTIONAL,
        context=message_context(shop, row(**told), MORNING),
    )


def test_before_the_first_scan_nothing_promises_a_day(shop: Shop, tmp_path: Path) -> None:
    words = "您的包裹预计{{ expected }}送到。"
    assert made(shop, tmp_path, words).text.endswith("您的包裹预计11月25日送到。")
    with pytest.raises(RenderError, match=r"messages/parcel/zh-CN/arriving/sms\.txt: 'expected' is empty"):
        made(shop, tmp_path, words, expected_on=None)


@pytest.mark.parametrize("words", ["{{ expected ~ '到' }}", "{{ expected|upper }}", "{{ '到' + expected }}"])
def test_an_empty_value_is_told_however_it_is_printed(shop: Shop, tmp_path: Path, words: str) -> None:
    with pytest.raises(RenderError, match="'expected' is empty"):
        made(shop, tmp_path, words, Channel.EMAIL, expected_on=None)


@pytest.mark.parametrize(
    "words",
    [
        "包裹{% if expected %}预计{{ expected }}{% endif %}",
        "包裹{{ expected|default('') }}",
        "{% if expected == '' %}包裹{% endif %}",
        "{% if expected is not defined %}包裹{% endif %}",
    ],
)
def test_words_may_ask_whether_there_is_one(shop: Shop, tmp_path: Path, words: str) -> None:
    assert made(shop, tmp_path, words, Channel.EMAIL, expected_on=None).subject == "包裹"
