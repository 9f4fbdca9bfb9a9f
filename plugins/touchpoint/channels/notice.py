"""Mail to the people who run Touchpoint. Not a campaign channel: no ledger, no unsubscribe, no buyer's address."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import make_msgid

from touchpoint.errors import ChannelError
from touchpoint.settings import ConnectionInfo

_REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError)


class NoticeUnsettled(ChannelError):
    """The server went away after it was given the mail: it may have taken it."""


def send_notice(connection: ConnectionInfo, *, sender: str, to: list[str], subject: str, text: str) -> None:
    """Send one plain-text mail.

    Raises:
        NoticeUnsettled: the mail may have gone.
        ChannelError: the mail server does not take it; it surely has not gone.
    """
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(to)
    message["Subject"] = " ".join(subject.split())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    is_under_way = False
    try:
        with smtplib.SMTP(connection.host, connection.port or 25, timeout=20) as server:
            if connection.extra.get("starttls", True):
                server.starttls(context=ssl.create_default_context())
            if connection.login:
                server.login(connection.login, connection.password)
            is_under_way = True
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        kind = NoticeUnsettled if is_under_way and not isinstance(error, _REFUSALS) else ChannelError
        raise kind(
            f"notice {'perhaps ' if kind is NoticeUnsettled else ''}not sent ({type(error).__name__})",
            place=f"connection {connection.conn_id}",
            remedy="check its host, port and log-in",
        ) from error
