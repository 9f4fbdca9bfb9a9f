"""Start the sandbox as a process of its own, for tests and other drivers: stopped by its id, never by its name."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from touchpoint.errors import TouchpointError

PLUGINS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox.

    Attributes:
        url: http://127.0.0.1:PORT, below which /health and /control/ lie.
        platform_url: the Taobao Open Platform's side.
        sms_url: the Aliyun Dysmsapi side.
        exports_dir: the folder the exports appear below (members/members_*.csv.gz, products/, reviews/).
    """

    url: str
    smtp_port: int
    state_dir: Path
    process: subprocess.Popen[str]

    @property
    def platform_url(self) -> str:
        return f"{self.url}/router/rest"

    @property
    def sms_url(self) -> str:
        return f"{self.url}/"

    @property
    def exports_dir(self) -> Path:
        return self.state_dir / "exports"

    @property
    def port(self) -> int:
        """The HTTP port."""
        return int(self.url.rpartition(":")[2])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call a /control/ route (or /health) and hand back its JSON.

        Raises:
            TouchpointError: any answer but 200, with what it said.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode()
            raise TouchpointError(f"{method} {path} answered {error.code}: {said}", place="sandbox") from error

    def connections(self) -> dict[str, str]:
        """Connection id -> AIRFLOW_CONN JSON text, for sandbox_platform, sandbox_files, sandbox_sms, sandbox_smtp."""
        stored: dict[str, str] = json.loads((self.state_dir / "connections.json").read_text(encoding="utf-8"))
        return stored

    def sms_log(self, after: int = 0) -> list[dict[str, Any]]:
        """Every text accepted so far (in a later entry than number `after`)."""
        entries: list[dict[str, Any]] = self.control("GET", f"/control/sms/log?after={after}")
        return entries

    def mail_log(self, after: int = 0) -> list[dict[str, Any]]:
        """Every mail accepted so far (in a later entry than number `after`)."""
        entries: list[dict[str, Any]] = self.control("GET", f"/control/mail/log?after={after}")
        return entries

    def stop(self) -> None:
        """End it as a service manager would, and wait."""
        self.process.terminate()
        self._wait()

    def kill(self) -> None:
        """End it without warning, and wait."""
        self.process.kill()
        self._wait()

    def _wait(self) -> None:
        self.process.wait(timeout=20)
        if self.process.stdout:
            self.process.stdout.close()


def start_sandbox(
    state_dir: Path,
    *,
    seed: int | None = None,
    anchor: datetime | str | None = None,
    clock: str | None = "anchor",
    port: int = 0,
    smtp_port: int = 0,
    orders_per_hour: int | None = None,
    export_every: float | None = None,
) -> Sandbox:
    """Start a sandbox and wait until it answers. Its clock stands at the anchor unless `clock` says otherwise.

    Args:
        state_dir: made if absent; an earlier world in it goes on.
        seed: of the world; None takes the stored one, else 7.
        anchor: where history ends and the hourly flow begins; None takes the stored one, else the latest 10:30.
        clock: `anchor`, an ISO instant to stand at, or None for the wall clock.
        port: 0 takes a free one; a fixed one lets a restarted sandbox be found again.
        smtp_port: likewise.
        orders_per_hour: the flow after the anchor; None takes the stored one, else 60.
        export_every: seconds between two exports it writes by itself; None: 600.

    Raises:
        TouchpointError: it ended before it was ready.
    """
    options: dict[str, object] = {
        "--port": port,
        "--smtp-port": smtp_port,
        "--state-dir": state_dir,
        "--seed": seed,
        "--anchor": anchor.isoformat() if isinstance(anchor, datetime) else anchor,
        "--clock": clock,
        "--orders-per-hour": orders_per_hour,
        "--export-every": export_every,
    }
    arguments = [str(part) for key, value in options.items() if value is not None for part in (key, value)]
    process = subprocess.Popen(
        [sys.executable, "-m", "touchpoint.sandbox", *arguments], cwd=PLUGINS, stdout=subprocess.PIPE, text=True
    )
    ready = process.stdout.readline() if process.stdout else ""
    if not ready:
        raise TouchpointError(f"the sandbox ended with {process.wait(timeout=20)} before it was ready", place="sandbox")
    told = json.loads(ready)
    return Sandbox(told["url"], told["smtp_port"], Path(state_dir).resolve(), process)


@contextmanager
def running_sandbox(
    state_dir: Path,
    *,
    seed: int | None = None,
    anchor: datetime | str | None = None,
    clock: str | None = "anchor",
    port: int = 0,
    smtp_port: int = 0,
    orders_per_hour: int | None = None,
    export_every: float | None = None,
    **faults: dict[str, Any],
) -> Iterator[Sandbox]:
    """A sandbox for the length of a block; `faults` as POST /control/faults takes them (sms={"latency_ms": 200})."""
    sandbox = start_sandbox(
        state_dir,
        seed=seed,
        anchor=anchor,
        clock=clock,
        port=port,
        smtp_port=smtp_port,
        orders_per_hour=orders_per_hour,
        export_every=export_every,
    )
    try:
        if faults:
            sandbox.control("POST", "/control/faults", faults)
        yield sandbox
    finally:
        sandbox.stop()
