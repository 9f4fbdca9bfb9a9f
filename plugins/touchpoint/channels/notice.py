"""Mail to the people who run Touchpoint. Not a campaign channel: no ledger, no unsubscribe, no buyer's address."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import make_msgid

from touchpoint.errors import ChannelError
from touchpoint.settings import ConnectionInfo


def send_notice(connection: ConnectionInfo, *, sender: str, to: list[str], subject: str, text: str) -> None:
    """Send one plain-text mail.

    Raises:
        ChannelError: the mail server does not take it.
    """
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(to)
    message["Subject"] = " ".join(subject.split())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        with smtplib.SMTP(connection.host, connection.port or 25, timeout=20) as server:
            if connection.extra.get("starttls", True):
                server.starttls(context=ssl.create_default_context())
            if connection.login:
                server.login(connection.login, connection.password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelError(
            f"notice not sent ({type(error).__name__})",
            place=f"connection {connection.conn_id}",
            remedy="check its host, port and log-in",
        ) from error
