"""SMS: how a template is written down for the provider, and what the provider makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from touchpoint.errors import RenderError
from touchpoint.sms_parts import segments

__all__ = ["fill", "provider_text", "segments", "variables"]

_VARIABLE = re.compile(r"\{\{ ?([a-z][a-z0-9_]*) ?\}\}")
_PLACEHOLDER = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")
_RESERVED = frozenset({"email", "mobile", "id", "nick", "site"})  # names Aliyun refuses for variables


@cache
def variables(source: str, name: str) -> tuple[str, ...]:
    """The variables of an SMS template, in order of first use.

    Raises:
        RenderError: it holds more than words and plain `{{ variables }}`, which a registered template could not.
    """
    if re.search(r"\{[%#{]|[%#}]\}|\$\{|[【】]", _VARIABLE.sub("", source)):
        raise RenderError(
            "an SMS template holds words and plain {{ variables }} alone, and no 【】",
            place=f"include/templates/{name}",
            remedy="compute it in the context and name the result",
        )
    found = tuple(dict.fromkeys(_VARIABLE.findall(source)))
    for reserved in _RESERVED.intersection(found):
        raise RenderError(
            f"the provider refuses a variable named {reserved!r}",
            place=f"include/templates/{name}",
            remedy="choose another name",
        )
    return found


def provider_text(source: str, name: str) -> str:
    """The template as it is registered with the provider: one line, `${name}` for each variable, no signature.

    Raises:
        RenderError: as `variables`.
    """
    variables(source, name)
    return _VARIABLE.sub(r"${\1}", " ".join(source.split()))


def fill(text: str, params: Mapping[str, str]) -> str:
    """What the provider makes of a registered text: each `${name}` replaced once, values never looked into again."""
    return _PLACEHOLDER.sub(lambda found: params[found[1]], text)
