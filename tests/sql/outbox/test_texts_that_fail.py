"""A mistake in words costs nothing: the messages wait, the dispatch is red, and once it is mended they go."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.faults.world import AT, RENDERER, World
from tests.sql.outbox.conftest import Recorder

from touchpoint.errors import RenderError
from touchpoint.model import Channel
from touchpoint.render.environment import TEMPLATE_ROOT
from touchpoint.render.messages import Rendered, Renderer

SMS = Channel.SMS
WORDS = Path("messages/unpaid_reminder/zh-CN/remind.new/sms.txt")


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    shutil.copytree(TEMPLATE_ROOT, tmp_path / "templates")
    return tmp_path / "templates"


class Counting:
    """The renderer of a folder, which counts what it is asked for."""

    def __init__(self, root: Path) -> None:
        self.renderer, self.asked = Renderer(root), 0

    def render(self, **given: Any) -> Rendered:
        self.asked += 1
        return self.renderer.render(**given)


class Telling:
    """The renderer, told something else of each message."""

    def __init__(self, told: Mapping[str, object]) -> None:
        self.told = told

    def render(self, **given: Any) -> Rendered:
        return RENDERER.render(**{**given, "context": {**given["context"], **self.told}})


def test_messages_of_a_broken_template_wait_and_go_once_it_is_mended(
    world: World, channel: Recorder, templates: Path
) -> None:
    world.add(259)
    world.add(3, variant="loyal")
    whole = (templates / WORDS).read_text(encoding="utf-8")
    (templates / WORDS).write_text(whole + "{{ discount }}", encoding="utf-8")
    for _ in ("the first run", "the next one"):
        renderer = Counting(templates)
        told = r"259 messages cannot be made: include/templates/messages/\S+/sms.txt: 'discount' is undefined \(259 "
        with pytest.raises(RenderError, match=told):
            world.dispatch({SMS: channel}, renderer=renderer)
        assert world.states() == {"accepted": 3, "waiting: render_error": 259}
        assert renderer.asked in (262, 259), "each is tried once a dispatch"
    (templates / WORDS).write_text(whole, encoding="utf-8")
    assert world.dispatch({SMS: channel}, renderer=Renderer(templates)).as_dict() == {"accepted": 259, "claimed": 259}
    assert world.states() == {"accepted": 262}


def test_what_is_mended_too_late_has_expired(world: World, channel: Recorder) -> None:
    world.add(1, template="nonexistent", not_after=AT + timedelta(hours=1))
    with pytest.raises(RenderError, match=r"nonexistent\.new/sms\.txt: no such template"):
        world.dispatch({SMS: channel})
    world.dispatch({SMS: channel}, AT + timedelta(hours=1))
    assert world.states() == {"expired: not_after": 1}


def test_what_waits_for_a_mend_is_counted_as_held(world: World, channel: Recorder) -> None:
    world.add(2, template="nonexistent")
    with pytest.raises(RenderError):
        world.dispatch({SMS: channel})
    assert world.dispatch({}).held == {"render_error": 2}


def test_a_sentence_is_not_sent_around_a_value_that_is_empty(world: World, channel: Recorder) -> None:
    world.add(1)
    with pytest.raises(RenderError, match=r"remind\.new/sms\.txt: '\w+' is empty \(1 messages\)"):
        world.dispatch({SMS: channel}, renderer=Telling({"orders": "", "pay_hint": " ", "item": ""}))
    assert (channel.messages, world.states()) == ([], {"waiting: render_error": 1})
    assert world.dispatch({SMS: channel})["accepted"] == 1
