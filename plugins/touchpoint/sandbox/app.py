"""One process: the platform, the SMS gateway and the control routes on one HTTP port, the mailbox on another."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP
from starlette.applications import Starlette
from starlette.routing import Route

from touchpoint.sandbox.control import Control
from touchpoint.sandbox.credentials import connections
from touchpoint.sandbox.exports import write_due_exports
from touchpoint.sandbox.faults import Faults
from touchpoint.sandbox.journal import Journal
from touchpoint.sandbox.mail import Mailbox
from touchpoint.sandbox.platform.gateway import Gateway
from touchpoint.sandbox.sms.book import Book
from touchpoint.sandbox.sms.gateway import SmsGateway
from touchpoint.sandbox.state import Origin, SandboxClock, write_whole
from touchpoint.sandbox.world.shop import World


@dataclass(frozen=True)
class Listening:
    """Where to listen, and the name others know this machine by; a port of 0 takes a free one."""

    host: str
    port: int
    smtp_port: int
    known_as: str


@dataclass
class Parts:
    """Everything the process is made of."""

    app: Starlette
    mailbox: Mailbox
    world: World
    clock: SandboxClock
    exports: Path


def build(origin: Origin, state_dir: Path, clock: SandboxClock, told: dict[str, str]) -> Parts:
    """Put the parts together; `told` are the connections it hands out."""
    faults = Faults()
    world = World(origin, Journal(state_dir / "forced.jsonl"))
    book, mails = Book(state_dir), Journal(state_dir / "mail_log.jsonl")
    exports = state_dir / "exports"
    sms = SmsGateway(book, faults)
    control = Control(world, clock, faults, book, mails, exports, told)
    routes = [
        Route("/router/rest", Gateway(world, clock, faults).answer, methods=["POST"]),
        Route("/", sms.answer, methods=["POST"]),
        Route("/sms", sms.answer, methods=["POST"]),
        *control.routes(),
    ]
    return Parts(Starlette(routes=routes), Mailbox(mails, faults), world, clock, exports)


async def serve(origin: Origin, state_dir: Path, clock: SandboxClock, where: Listening, export_every: float) -> None:
    """Listen until a signal ends it. Writes the connections and one line of JSON to standard output once it answers."""
    http_socket = _listening(where.host, where.port)
    smtp_socket = _listening(where.host, where.smtp_port)
    url = f"http://{where.known_as}:{http_socket.getsockname()[1]}"
    smtp_port = smtp_socket.getsockname()[1]
    told = connections(url, where.known_as, smtp_port, str(state_dir / "exports"))
    parts = build(origin, state_dir, clock, told)
    write_due_exports(parts.world, parts.exports, clock.now())
    write_whole(state_dir / "connections.json", json.dumps(told, indent=1), 0o600)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(
        lambda: SMTP(parts.mailbox, hostname="sandbox.invalid", ident="sandbox", enable_SMTPUTF8=True, loop=loop),
        sock=smtp_socket,
    )
    exporting = asyncio.create_task(_export_by_itself(parts, export_every))
    config = uvicorn.Config(
        parts.app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    # The sockets listen already: whoever reads this line may connect, and is answered as soon as the loop runs.
    sys.stdout.write(json.dumps({"url": url, "smtp_port": smtp_port}) + "\n")
    sys.stdout.flush()
    try:
        await server.serve(sockets=[http_socket])
    finally:
        exporting.cancel()
        smtp.close()


async def _export_by_itself(parts: Parts, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        write_due_exports(parts.world, parts.exports, parts.clock.now())


def _listening(host: str, port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named; without that each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(512)
    return listener
