"""Scripted providers on real sockets: they do exactly what a test says, one answer after another."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class FakeAliyun:
    """An HTTP endpoint. `script` holds what to do with the next requests; when it is empty they are accepted.

    A script entry is (status, body), or a word: drop (take it, then hang up), hang (take it, then never answer).
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.script: list[Any] = []
        self.details: list[dict[str, Any]] = []
        self.refuse: Callable[[list[str]], str | None] = lambda phones: None
        self.connections = 0
        self.hung = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                fake.connections += 1

            def do_POST(self) -> None:
                fake.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        query = {key: values[0] for key, values in parse_qs(urlsplit(handler.path).query).items()}
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        request = {"action": handler.headers["x-acs-action"], "headers": dict(handler.headers), "body": body}
        self.requests.append({**request, "query": query, "form": form})
        step = self.script.pop(0) if self.script else None
        if step == "hang":
            self.hung.wait(20)
            return
        if step == "drop":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        status, content = step or self._usual(query, form)
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def _usual(self, query: dict[str, str], form: dict[str, str]) -> tuple[int, Any]:
        if "SendDate" in query:
            found = [d for d in self.details if (d["PhoneNum"], d["day"]) == (query["PhoneNumber"], query["SendDate"])]
            size, page = int(query["PageSize"]), int(query["CurrentPage"])
            part = found[(page - 1) * size : page * size]
            return 200, {
                "Code": "OK",
                "TotalCount": str(len(found)),
                "SmsSendDetailDTOs": {"SmsSendDetailDTO": part},
            }
        code = self.refuse(json.loads(form["PhoneNumberJson"]))
        return (
            (200, {"Code": code, "Message": "no"}) if code else (200, {"Code": "OK", "BizId": "biz-1", "Message": "OK"})
        )

    def close(self) -> None:
        self.hung.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class FakeSmtp:
    """A mail server, a line at a time.

    `script` maps a verb (MAIL, RCPT, DATA, DOT, RSET, EHLO, CONNECT) to what it does the next times: a reply line, or a
    word: drop (hang up instead of answering), hang (never answer), late (answer after a second).
    """

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.script: dict[str, list[str]] = {}
        self.verbs: list[str] = []
        self.connections = 0
        self.hung = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self.thread = threading.Thread(target=self._accept)
        self.thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            thread = threading.Thread(target=self._serve, args=[connection])
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                if self._reply(connection, "CONNECT", "220 ready"):
                    self._talk(connection, lines)
        except (OSError, ValueError):
            pass

    def _talk(self, connection: socket.socket, lines: Any) -> None:
        sender = recipient = ""
        for raw in iter(lines.readline, b""):
            line = raw.decode().strip()
            verb = line[:4].upper()
            self.verbs.append(verb)
            usual = {"EHLO": "250 here", "QUIT": "221 bye", "DATA": "354 go on"}.get(verb, "250 ok")
            if verb == "MAIL":
                sender = line.partition("<")[2].partition(">")[0]
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
            planned = self.script.get(verb, [])
            goes_on = not planned or planned[0].startswith("354")
            if not self._reply(connection, verb, usual):
                return
            if verb == "DATA" and goes_on:
                content = b"".join(iter(lines.readline, b".\r\n"))
                taken = not self.script.get("DOT") or self.script["DOT"][0] in ("drop", "hang")
                if taken:
                    self.mails.append({"from": sender, "to": recipient, "content": content})
                if not self._reply(connection, "DOT", "250 queued as 7"):
                    return

    def _reply(self, connection: socket.socket, verb: str, usual: str) -> bool:
        planned = self.script.get(verb, [])
        line = planned.pop(0) if planned else usual
        if line == "drop":
            connection.shutdown(socket.SHUT_RDWR)
            return False
        if line == "hang":
            self.hung.wait(20)
            return False
        if line == "late":
            self.hung.wait(1.0)
            line = usual
        connection.sendall(f"{line}\r\n".encode())
        return True

    def close(self) -> None:
        self.hung.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self.threads:
            thread.join()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
