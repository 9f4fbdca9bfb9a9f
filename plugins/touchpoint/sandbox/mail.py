"""The mailbox: an SMTP server that keeps whatever it accepts, and fails on demand."""

from __future__ import annotations

from asyncio import sleep
from email import message_from_bytes, policy
from email.message import EmailMessage
from fnmatch import fnmatch

from aiosmtpd.smtp import SMTP, Envelope, Session

from touchpoint.clock import real_now
from touchpoint.sandbox.faults import Fault, Faults
from touchpoint.sandbox.journal import Entry, Journal


class Mailbox:
    """An aiosmtpd handler. A mail is on disk before the final dot is answered."""

    def __init__(self, journal: Journal, faults: Faults) -> None:
        self._journal, self._faults = journal, faults

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, unless a fault refuses addresses like this."""
        if self._refuses("reject_5xx", address):
            return "550 5.1.1 no such user here"
        if self._refuses("reject_4xx", address):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail; then perhaps be slow, or drop the connection instead of answering."""
        self._journal.append([_entry(envelope)])
        await sleep(self._faults.value("smtp", "latency_ms") / 1000)
        if self._faults.hits("smtp", "drop_after_dot") and server.transport is not None:
            server.transport.abort()
        return "250 OK: kept"

    def _refuses(self, name: str, address: str) -> bool:
        fault = self._faults.told()["smtp"].get(name)
        if fault is None or not any(fnmatch(address, pattern) for pattern in _patterns(fault)):
            return False
        return self._faults.hits("smtp", name)


def _patterns(fault: Fault) -> list[str]:
    value = fault.get("value", "*")
    return [value] if isinstance(value, str) else list(value)


def _entry(envelope: Envelope) -> Entry:
    content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
    message = message_from_bytes(content, policy=policy.default)
    return {
        "message_id": str(message.get("Message-ID", "")),
        "to": list(envelope.rcpt_tos),
        "from": envelope.mail_from,
        "subject": str(message.get("Subject", "")),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "headers": [[name, str(value)] for name, value in message.items()],
        "accepted_at": real_now().isoformat(),
    }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return part.get_content() if part is not None else ""
