"""What sending costs without a ledger: one connection, mails made beforehand, nothing written down anywhere."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable

from touchpoint.clock import stopwatch

Mail = tuple[str, str, bytes]
"""Envelope sender, recipient, content."""


def bare_loop(server: smtplib.SMTP, mails: Iterable[Mail]) -> float:
    """Seconds to send them all over an open connection."""
    started = stopwatch()
    for sender, recipient, content in mails:
        server.sendmail(sender, recipient, content)
    return stopwatch() - started
