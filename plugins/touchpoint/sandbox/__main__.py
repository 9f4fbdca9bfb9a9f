"""`python -m touchpoint.sandbox`: start the sandbox; --help tells the options."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from touchpoint.errors import TouchpointError
from touchpoint.sandbox.state import SandboxClock, open_origin, parse_instant


def main() -> int:
    """Run it until a signal ends it; 2 if it cannot be started as asked."""
    options = _options()
    try:
        anchor = parse_instant(options.anchor, "--anchor") if options.anchor else None
        state_dir = options.state_dir.resolve()
        origin = open_origin(state_dir, options.seed, anchor, options.orders_per_hour)
        clock = SandboxClock()
        if options.clock:
            clock.stop(origin.anchor if options.clock == "anchor" else parse_instant(options.clock, "--clock"))
    except TouchpointError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    from touchpoint.sandbox.app import Listening, serve  # late, so that a wrong option is answered at once

    where = Listening(options.host, options.port, options.smtp_port, options.known_as or options.host)
    try:
        asyncio.run(serve(origin, state_dir, clock, where, options.export_every))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        sys.stderr.write(f"sandbox: {error}. Take another --port or --smtp-port\n")
        return 2
    return 0


def _options() -> Namespace:
    parser = ArgumentParser(prog="touchpoint.sandbox", description="A simulated shop, SMS gateway and mailbox.")
    parser.add_argument("--port", type=int, required=True, help="HTTP port; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, required=True, help="SMTP port; 0 takes a free one")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder for logs, exports and the world's origin")
    parser.add_argument("--seed", type=int, help="of a new world (7)")
    parser.add_argument("--anchor", help="of a new world: ISO 8601 instant its history ends at (the latest 10:30)")
    parser.add_argument("--orders-per-hour", type=int, help="of a new world: the flow after the anchor (60)")
    parser.add_argument("--clock", help="let the clock stand: `anchor` or an ISO 8601 instant")
    parser.add_argument(
        "--export-every", type=float, default=600, help="seconds between two exports of its lists (600)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--known-as", help="host name its connections carry (the address it listens on)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
