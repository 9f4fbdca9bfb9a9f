"""Whatever one campaign file holds, the others load, and it is refused with file, line and remedy or loads itself."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.campaigns.conftest import CAMPAIGN

from touchpoint.campaigns import load
from touchpoint.errors import ConfigError
from touchpoint.settings import read_text

FILE = "config/campaigns/reminder.yaml"
TRICKS = (
    *(
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "? ",
        "\n",
        "\n  ",
        " #",
        "|",
        ">",
        "'",
        '"',
        "&a ",
        "*a",
        "<<: ",
        "=",
        "---",
        "...",
    ),
    *(
        "!!binary ",
        "!!set ",
        "!!map ",
        "!!bool ",
        "!!python/object:os.system ",
        "! ",
        "!a!b ",
        "%YAML 3.0\n",
        "%TAG ! x\n",
    ),
    *(
        '"\\ud800"',
        '"\\0"',
        '"\\U00110000"',
        '"\\x1b"',
        "\x00",
        "\x07",
        "\x1b",
        "\x85",
        "\u2028",
        "\ufeff",
        "\ufffe",
        "\u202e",
    ),
    *("9" * 5000, "0x", "0b_", ".inf", "-.nan", "1e999", "1_0", "1:30", "2026-02-31", "~", "null", "NO", "yes", "-1"),
    *("[" * 5000, "{a: " * 300, "- " * 500, "99999999999999999999d", "30m\u0663", "a" * 3000),
)
INVALID = (b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xfe\xff\x00a", b"\r", b"\x80" * 9)
VALUES = re.compile(r"(?<=[:\[,] )[^\s,\]}{\[]+")


def _mutated(spot: int, trick: str) -> bytes:
    """The campaign with one value replaced."""
    spots = list(VALUES.finditer(CAMPAIGN))
    found = spots[spot % len(spots)]
    return (CAMPAIGN[: found.start()] + trick + CAMPAIGN[found.end() :]).encode("utf-8", "surrogatepass")


def _spliced(at: int, content: bytes) -> bytes:
    """The campaign with something put in."""
    whole = CAMPAIGN.encode()
    return whole[: at % len(whole)] + content + whole[at % len(whole) :]


CONTENT = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from(TRICKS), max_size=8).map(lambda parts: "".join(parts).encode()),
    st.builds(_mutated, st.integers(0, 200), st.one_of(st.sampled_from(TRICKS), st.text(max_size=20))),
    st.builds(_spliced, st.integers(0, 2000), st.one_of(st.sampled_from(INVALID), st.binary(max_size=8))),
    st.builds(_spliced, st.integers(0, 2000), st.sampled_from(TRICKS).map(str.encode)),
)


@given(content=CONTENT)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_of_one_file_keeps_the_others_from_loading(place, content):
    place.write("config/campaigns/second.yaml", CAMPAIGN.replace("id: reminder", "id: second").replace("once-and", "s"))
    words = place.root / "include/templates/messages"
    if not (words / "second").exists():
        (words / "second").symlink_to(words / "reminder")
    (place.root / FILE).write_bytes(content)
    loaded = place.load()
    assert "second" in loaded.by_id
    if "reminder" in loaded.by_id:
        assert loaded.broken == []
    else:
        (error,) = loaded.broken
        assert error.place.startswith("reminder.yaml")
        assert error.remedy
        assert "cannot be read (" not in error.thing, f"nobody thought of this: {error.__cause__!r}"
        assert len(str(error).encode()) < 3000


LINES = {
    "a control character": (b"id: reminder\nowner: a\x07b\n", "reminder.yaml:2: control character U+0007. delete it"),
    "a NUL byte": (b"id: reminder\n\x00", "reminder.yaml:2: control character U+0000. delete it"),
    "an escaped NUL": (b'id: reminder\nowner: "\\0"\n', "reminder.yaml:2: control character U+0000. delete it"),
    "half a character, escaped": (b'id: "\\ud800"\n', "reminder.yaml:1: control character U+D800. delete it"),
    "a character beyond Unicode": (
        b'id: a\nowner: "\\U00110000"\n',
        "reminder.yaml:2: a character or number that does not exist. correct it",
    ),
    "invalid UTF-8": (b"id: reminder\nowner: \xff\n", "reminder.yaml:2: not UTF-8. save it as UTF-8"),
    "5,000 brackets": (
        b"id: a\nowner: " + b"[" * 5000 + b"]" * 5000,
        "reminder.yaml:2: more than 40 levels deep. take brackets or indentation out",
    ),
    "aliases that multiply": (
        b"a: &a [x, x]\nb: &b [*a, *a]\n",
        "reminder.yaml:2: alias *a. write the value out: anchors and aliases are refused",
    ),
    "5,000 digits": (
        b"id: " + b"9" * 5000,
        "reminder.yaml:1: a number that cannot be read. write it in fewer digits, or quote it",
    ),
    "an infinite number": (b"id: .inf\n", "reminder.yaml:1: '.inf' is no number. write a finite one, or quote it"),
    "a list as a key": (
        b"? [a]\n: b\n",
        "reminder.yaml:1: a list or a mapping as a key. write a word before the colon",
    ),
    "a tag": (
        b"id: !!set {a}\n",
        "reminder.yaml:1: tag 'tag:yaml.org,2002:set'. leave it out: quotes make a text, and nothing else is needed",
    ),
    "a merge key": (b"id: a\n<<: {b: c}\n", "reminder.yaml:2: '<<' means something of its own in YAML. quote it"),
    "an open bracket": (
        b"id: a\nowner: [b\n",
        "reminder.yaml:3: no YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'. "
        "correct the syntax",
    ),
    "a name no file system takes": (
        CAMPAIGN.replace("some_buyers", "x" * 5000).encode(),
        "reminder.yaml: key 'audience.statement' is wrong. String should have at most 60 characters",
    ),
    "a file of 300 KB": (
        b"# " + b"x" * 300_000,
        "reminder.yaml: larger than 256 KiB. no configuration needs so much: was another file saved under its name?",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_a_file_is_left_out_with_its_line_for(name, place):
    content, message = LINES[name]
    (place.root / FILE).write_bytes(content)
    assert place.problems() == [message]


def test_the_mark_before_a_file_of_some_editors_is_no_error(place):
    (place.root / FILE).write_bytes(b"\xef\xbb\xbf" + CAMPAIGN.encode())
    assert place.problems() == []
    assert place.load().by_id["reminder"].body == CAMPAIGN


def test_what_is_no_file_is_left_out_and_never_waited_for(place):
    folder = place.root / "config/campaigns"
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "circle.yaml").symlink_to(folder / "circle.yaml")
    (folder / "gone.yaml").symlink_to(folder / "nowhere")
    loaded = place.load()
    assert list(loaded.by_id) == ["reminder"]
    assert sorted(str(error).partition(". ")[0] for error in loaded.broken) == [
        "circle.yaml: it cannot be read (Too many levels of symbolic links)",
        "folder.yaml: not a file",
        "gone.yaml: no such file",
        "pipe.yaml: not a file",
    ]


def test_a_file_without_the_right_to_read_it_is_left_out(place, monkeypatch):
    def refuses(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuses)  # root may read every file
    with pytest.raises(ConfigError, match=r"reminder.yaml: it cannot be read \(Permission denied\). mend its rights"):
        read_text(place.root / FILE)


def test_a_name_that_is_no_text_can_be_named(place):
    other = Path(os.fsdecode(os.fsencode(place.root / "config/campaigns") + b"/b\xffd.yaml"))
    other.write_text(CAMPAIGN, encoding="utf-8")
    (error,) = place.problems()
    assert error.encode()
    assert error.startswith("b\\udcffd.yaml: id is 'reminder'")


def test_what_nobody_thought_of_leaves_out_that_file_alone(place, monkeypatch):
    place.write("config/campaigns/second.yaml", "id: second\n")

    def breaks(*args, **kwargs):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(load, "_unknown_segments", breaks)
    assert place.problems() == [
        "reminder.yaml: it cannot be read (ZeroDivisionError). compare it with a campaign that loads, and report this",
        "second.yaml: missing key 'description'. add it",
    ]
