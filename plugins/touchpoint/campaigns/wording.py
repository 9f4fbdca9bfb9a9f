"""config/wording.yaml, and where a text breaks it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import StrictInt, StrictStr, field_validator

from touchpoint.settings import CONFIG_ROOT, Strict, parse_config, read_yaml


class Wording(Strict):
    """The word lists; see config/wording.yaml for what each is for."""

    deny: list[StrictStr]
    warn: list[StrictStr]
    warn_patterns: list[StrictStr]
    allow: list[StrictStr]
    sms_banned: list[StrictStr]
    sms_banned_symbols: StrictStr
    promotion: list[StrictStr]
    opt_out: StrictStr
    ad_prefixes: list[StrictStr]
    spam_subject: list[StrictStr]
    sms_variable_lengths: dict[StrictStr, StrictInt]

    @field_validator("warn_patterns")
    @classmethod
    def _patterns_compile(cls, value: list[str]) -> list[str]:
        for pattern in value:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return value

    @field_validator("sms_variable_lengths")
    @classmethod
    def _other_given(cls, value: dict[str, int]) -> dict[str, int]:
        if "other" not in value:
            raise ValueError("give other: the length of a variable that is not named")
        return value


@dataclass(frozen=True)
class WordFound:
    """A word of a list, found in a text."""

    level: Literal["error", "warning"]
    word: str
    source: str


def load_wording(config: Path = CONFIG_ROOT) -> Wording:
    """config/wording.yaml.

    Raises:
        ConfigError: naming the key and the remedy.
    """
    path = config / "wording.yaml"
    return parse_config(Wording, read_yaml(path), path)


def fold(text: str) -> str:
    """A text as words are looked for in it: NFKC, lower case, no white space, nothing invisible."""
    kept = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) not in ("Cf", "Cc"))
    return "".join("".join(kept).split()).casefold()


def find_words(text: str, wording: Wording) -> list[WordFound]:
    """Words of `deny` and `warn` in a text, `allow` taken out first; a word inside a denied one is not named again."""
    folded = fold(text)
    for word in sorted(wording.allow, key=len, reverse=True):
        folded = folded.replace(fold(word), " ")
    found = [WordFound("error", word, "Advertising Law art. 9(3)") for word in _within(folded, wording.deny)]
    for one in found:
        folded = folded.replace(fold(one.word), " ")
    doubtful = _within(folded, wording.warn)
    for pattern in wording.warn_patterns:
        doubtful += [match for match in re.findall(pattern, folded) if match not in doubtful]
    return found + [WordFound("warning", word, "may be an absolute claim") for word in doubtful]


def _within(folded: str, words: list[str]) -> list[str]:
    """Words found in a folded text, longest first; one that is part of another found one is left out."""
    found: list[str] = []
    for word in sorted(words, key=len, reverse=True):
        if contains(folded, word) and not any(fold(word) in fold(longer) for longer in found):
            found.append(word)
    return found


def contains(folded: str, word: str) -> bool:
    """Whether a folded text holds a word, in whatever spacing or width it is written."""
    return fold(word) in folded
