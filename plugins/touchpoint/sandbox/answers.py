"""An answer that breaks off: the caller got something, but never all of it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class TornResponse(Response):
    """Promises more than it sends; the server then drops the connection, and the caller sees it break."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and half of the body, then nothing."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
