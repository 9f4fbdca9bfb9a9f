"""E-mail over SMTP: one connection kept open, message after message, each with an envelope and Message-ID of its own.

SMTP cannot be asked what became of a message. So what is not answered after the final dot stays unknown (RFC 5321
4.2.5 and 6.1: the answer to the final dot is what hands over responsibility).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from datetime import timedelta

from touchpoint.channels.base import demand_group
from touchpoint.channels.mail import MailWriter
from touchpoint.clock import real_now, stopwatch
from touchpoint.model import Outgoing, SendResult, SendState, UnresolvedAttempt
from touchpoint.settings import ConnectionInfo, EmailConfig

TIMEOUT = 20.0
"""Seconds for each answer of the server but the last."""
FINAL_TIMEOUT = 600.0
"""Seconds for the answer to the final dot, as RFC 5321 4.5.3.2.6 asks: a server may be long at work on a whole mail,
and what is not waited for stays unknown though it was delivered."""
SEND_BUDGET = 60.0
"""Seconds after which no further message of a group is begun."""
ROUND_TRIPS = 11
"""Answers one message may wait for at most: RSET, then a new connection with TLS and log-in, then its own."""

_LEADING_DOT = re.compile(rb"(?m)^\.")


class Smtp:
    """One connection to a mail server, kept open between groups.

    Args:
        connection: host, port; log-in and password if the server asks; extra.starttls (default true: with a verified
            certificate), extra.local_hostname.
        settings: the shop's sender.
    """

    name = "smtp"
    group_size = 5  # what one kill leaves unknown at most, and nobody can be asked about; docs/decisions/0007
    longest_send = timedelta(seconds=SEND_BUDGET + ROUND_TRIPS * TIMEOUT + FINAL_TIMEOUT)
    can_query = False

    def __init__(self, connection: ConnectionInfo, settings: EmailConfig) -> None:
        self.connection, self.writer = connection, MailWriter(settings)
        self.domain = self.writer.domain
        self._server: smtplib.SMTP | None = None
        self._is_fresh = False  # nothing is left over of an earlier transaction, and the connection lived just now

    def send(self, group_id: str, messages: Sequence[Outgoing]) -> list[SendResult]:
        demand_group(self.name, self.group_size, messages)
        until = stopwatch() + SEND_BUDGET
        results: list[SendResult] = []
        trouble: SendResult | None = None
        self._is_fresh = False
        for message in messages:
            if trouble is None and stopwatch() > until:
                trouble = SendResult("", SendState.RETRYABLE, error_code="no_time_left")
            if trouble is not None:
                results.append(SendResult(message.attempt_id, trouble.state, error_code=trouble.error_code))
                continue
            result, goes_on = self._send(message)
            results.append(result)
            trouble = None if goes_on else result
        return results

    def query(self, attempts: Sequence[UnresolvedAttempt]) -> dict[str, SendResult | None]:
        return {}

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _send(self, message: Outgoing) -> tuple[SendResult, bool]:
        """The result, and whether the rest of the group is worth trying."""
        try:
            content = self.writer.write(message, real_now())
        except (ValueError, LookupError, AttributeError):  # the last two: what the library's header parser trips over
            return SendResult(message.attempt_id, SendState.REJECTED, error_code="header_refused"), True
        try:
            server = self._ready()
        except smtplib.SMTPAuthenticationError as error:
            return self._lost(message, SendState.PAUSED, f"auth_{error.smtp_code}"), False
        except (OSError, smtplib.SMTPException) as error:
            return self._lost(message, SendState.RETRYABLE, type(error).__name__), False
        result = self._transact(server, message, content)
        return result, result.state != SendState.PAUSED

    def _transact(self, server: smtplib.SMTP, message: Outgoing, content: bytes) -> SendResult:
        """MAIL, RCPT, DATA. Until DATA is answered with 354 nothing can have arrived."""
        try:
            code, _ = server.mail(f"bounce+{message.attempt_id}@{self.domain}")
            if code != 250:
                # The sender is refused, which is not this recipient's fault.
                state = SendState.PAUSED if code >= 500 else SendState.RETRYABLE
                return self._refused(message, state, code)
            code, _ = server.rcpt(message.address)
            if code not in (250, 251):
                state = SendState.REJECTED if code >= 500 else SendState.RETRYABLE
                return self._refused(message, state, code)
        except ValueError:
            return SendResult(message.attempt_id, SendState.REJECTED, error_code="address_refused")
        except (OSError, smtplib.SMTPException) as error:
            return self._lost(message, SendState.RETRYABLE, type(error).__name__)
        try:
            code, answer = _hand_over(server, content)
        except smtplib.SMTPDataError as error:
            return self._refused(message, _by_class(error.smtp_code), error.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            return self._lost(message, SendState.UNKNOWN, type(error).__name__)
        if code != 250:
            return self._refused(message, _by_class(code), code)
        self._is_fresh = True
        return SendResult(message.attempt_id, SendState.ACCEPTED, provider_ref=answer.decode("ascii", "replace")[:200])

    def _ready(self) -> smtplib.SMTP:
        """The open connection; a new one if there is none or it has died meanwhile.

        RSET proves it before each group and clears it after a refusal; after an accepted mail nothing is left over.
        """
        if self._server is not None:
            if self._is_fresh:
                return self._server
            try:
                if self._server.rset()[0] == 250:
                    return self._server
            except (OSError, smtplib.SMTPException):
                pass
            self._drop()
        server = smtplib.SMTP(timeout=TIMEOUT, local_hostname=self.connection.extra.get("local_hostname", self.domain))
        try:
            code, answer = server.connect(self.connection.host, self.connection.port or 25)
            if code != 220:
                raise smtplib.SMTPConnectError(code, answer)
            if self.connection.extra.get("starttls", True):
                server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
            if self.connection.login:
                server.login(self.connection.login, self.connection.password)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        if server.sock is not None:
            # An answer is waited for after each line: without this, delayed acknowledgements cost 40 ms a message.
            server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server = server
        return server

    def _refused(self, message: Outgoing, state: SendState, code: int) -> SendResult:
        self._is_fresh = False
        if code == 421:  # the server is about to hang up
            self._drop()
        return SendResult(message.attempt_id, state, error_code=f"smtp_{code}")

    def _lost(self, message: Outgoing, state: SendState, code: str) -> SendResult:
        self._drop()
        return SendResult(message.attempt_id, state, error_code=code)

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


def _hand_over(server: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
    """DATA, the mail, and the answer to its final dot: the one answer that is worth waiting long for.

    Raises:
        SMTPDataError: the server does not want the mail, and has nothing of it.
        OSError, SMTPException: no answer.
    """
    code, answer = server.docmd("data")
    if code != 354:
        raise smtplib.SMTPDataError(code, answer)
    if server.sock is not None:
        server.sock.settimeout(FINAL_TIMEOUT)
    server.send(_LEADING_DOT.sub(b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n")
    told = server.getreply()
    if server.sock is not None:
        server.sock.settimeout(TIMEOUT)
    return told


def _by_class(code: int) -> SendState:
    """4yz: later, perhaps. 5yz: never. Anything else is no answer to what was asked."""
    if 400 <= code < 500:
        return SendState.RETRYABLE
    return SendState.REJECTED if 500 <= code < 600 else SendState.UNKNOWN
