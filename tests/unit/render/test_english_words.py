"""English messages to somebody whose name the shop does not know, or who reads no Chinese."""

from __future__ import annotations

import re

import pytest

from touchpoint.render.contexts.reader import _NOBODY
from touchpoint.statements import ROOT

MESSAGES = ROOT / "include/templates/messages"
TEXTS = sorted(MESSAGES.glob("[!_]*/en/*/sms.txt"))
SUBJECTS = sorted(MESSAGES.glob("[!_]*/en/*/subject.txt"))


def named(path: object) -> str:
    return str(path).removeprefix(f"{MESSAGES}/")


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_a_text_greets_so_that_it_reads_without_a_name_too(path):
    """Nobody's name is `there`: `Hi there` is a greeting, `there, sorry` is none."""
    assert _NOBODY["en"] == "there"
    assert path.read_text(encoding="utf-8").startswith("Hi {{ name }}, ")


@pytest.mark.parametrize("path", SUBJECTS, ids=named)
def test_a_subject_names_nobody(path):
    assert "{{ name }}" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_the_way_out_is_told_in_english_as_well(path):
    text = path.read_text(encoding="utf-8").strip()
    assert text.endswith("Reply R to stop, 拒收请回复R") is ("拒收" in text)


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_no_sentence_begins_with_a_thing_that_may_have_no_name(path):
    assert not re.search(r"[.?!] \{\{ item \}\}", path.read_text(encoding="utf-8"))
