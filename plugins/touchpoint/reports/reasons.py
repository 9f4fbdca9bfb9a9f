"""What reasons mean, in the languages of the pages: include/templates/reports/reasons.yaml and nothing else."""

from __future__ import annotations

import re
from functools import cache

from pydantic import RootModel

from touchpoint.settings.reading import parse_config, read_yaml
from touchpoint.statements import ROOT

FILE = ROOT / "include" / "templates" / "reports" / "reasons.yaml"
LANGUAGES = ("en", "zh-CN")
_CHANGING = re.compile(r"\d+")
_CODE = {"en": "the provider's own code", "zh-CN": "服务商自己的代码"}
_OTHERS = {
    "outranked": {"en": "that campaign went first", "zh-CN": "那个活动优先"},
    **dict.fromkeys(("waiting", "rejected", "unknown"), _CODE),
}
"""Of what comes from elsewhere and says itself: the campaign a touch lost to, and a provider's code."""


class _Reasons(RootModel[dict[str, dict[str, str]]]):
    pass


@cache
def known() -> dict[str, dict[str, str]]:
    """Reason -> language -> meaning, a clause without a capital.

    Raises:
        ConfigError: the file does not load.
    """
    return parse_config(_Reasons, read_yaml(FILE), FILE).root


def has_words(reason: str) -> bool:
    """Whether a reason of ours, with # for what changes, means something in every language."""
    return set(known().get(reason, ())) == set(LANGUAGES)


def meaning(reason: str, *, of: str = "", language: str = "en") -> str:
    """What a reason means.

    Args:
        reason: as the ledger has it; `gave_up: smtp_421` is told by its parts.
        of: the decision or state it is of, where it may mean something else for one.
        language: of LANGUAGES.

    Returns:
        A clause; nothing for what a shop named itself.
    """
    front, colon, rest = reason.partition(": ")
    if colon and front in known() and reason not in known() and rest:
        inner = meaning(rest, of="rejected", language=language)
        return f"{known()[front][language]}: {inner}"
    told = known().get(f"{of}: {reason}") or known().get(reason)
    if told:
        return told[language]
    pattern = _CHANGING.sub("#", reason)
    if pattern in known():
        values = iter(_CHANGING.findall(reason))
        return re.sub("#", lambda _: next(values, ""), known()[pattern][language])
    return _OTHERS[of][language] if of in _OTHERS else ""
