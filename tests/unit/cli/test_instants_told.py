"""Instants on the command line stand in the shop's zone, as on its pages."""

import json
from contextvars import Context, copy_context
from datetime import UTC, datetime

from touchpoint.cli.common import as_json_text, as_table, known_shop

ROW = {"as_of": datetime(2026, 11, 22, 2, 30, tzinfo=UTC), "seen": [datetime(2026, 11, 21, 16, tzinfo=UTC)], "n": 3}
LOCAL = "2026-11-22 10:30:00+08:00"


def told() -> tuple[str, str]:
    known_shop("sandbox")
    return as_table([ROW]), as_json_text([ROW])


def test_a_table_and_json_of_a_shop_s_command_have_its_zone() -> None:
    table, text = copy_context().run(told)
    assert LOCAL in table
    assert "2026-11-22 00:00:00+08:00" in table
    assert json.loads(text) == [{"as_of": LOCAL, "seen": ["2026-11-22 00:00:00+08:00"], "n": 3}]


def test_the_zone_is_named_where_a_command_is_about_no_shop() -> None:
    assert "2026-11-22 02:30:00+00:00" in Context().run(as_table, [ROW])
