"""The one tree of errors. A message names the thing, the place and the remedy; never an address, a name or a secret."""

from __future__ import annotations

LONGEST = 1_000
"""Characters a message shows of the thing, and of the remedy."""


class TouchpointError(Exception):
    """Anything Touchpoint refuses or fails at.

    Args:
        thing: what is wrong, in a clause ("unknown key 'chanel'").
        place: where ("config/campaigns/unpaid_reminder.yaml: steps[0]").
        remedy: what the reader does now ("use one of: channel, template").
    """

    def __init__(self, thing: str, *, place: str = "", remedy: str = "") -> None:
        self.thing, self.place, self.remedy = thing, place, remedy
        head = f"{place}: {_readable(thing)}" if place else _readable(thing)
        super().__init__(f"{head}. {_readable(remedy)}" if remedy else head)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.thing, self.place, self.remedy)


def _readable(text: str) -> str:
    """What is quoted may be a file's whole content: nobody reads that far, and pages and mails have to show it."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _rebuild(kind: type[TouchpointError], thing: str, place: str, remedy: str) -> TouchpointError:
    return kind(thing, place=place, remedy=remedy)


class ConfigError(TouchpointError):
    """A configuration file cannot be taken as it is."""


class StatementError(TouchpointError):
    """A statement file is missing, malformed, or called with the wrong parameters."""


class SourceError(TouchpointError):
    """A shop platform or a file could not be read."""


class SourceUnavailable(SourceError):
    """The source does not answer, or throttles: the same call may succeed later."""


class HeaderError(SourceError):
    """A file's header cannot be told apart into columns: the file is left out, and others of its folder are read."""


class SourceRefused(SourceError):
    """The source says no (signature, session, permission): a person has to act."""


class GateFailed(TouchpointError):
    """A critical expectation failed: the run's gate is not passed and nothing of it is sent."""


class TimeError(TouchpointError):
    """An instant that cannot be used: later than the clock, or before the head."""


class NotAtHead(TouchpointError):
    """The run lost the head between two of its transactions: it goes on in run-scoped tables."""


class LedgerError(TouchpointError):
    """The ledger would not add up, or would be told something else than before."""


class ChannelError(TouchpointError):
    """A channel cannot honour what it is asked for, or is not set up."""


class RenderError(TouchpointError):
    """A template is missing or cannot be rendered from what it is given."""
