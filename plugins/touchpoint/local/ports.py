"""Ports of this machine: the usual ones where free, others where not, the same ones at the next start."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"
USUAL = {"api": 8080, "sandbox": 8090, "smtp": 8025}


def choose_ports(remembered: dict[str, int]) -> dict[str, int]:
    """A free port for each server: the one it had before, else its usual one, else any."""
    chosen: dict[str, int] = {}
    for name, usual in USUAL.items():
        wanted = (remembered.get(name, usual), usual)
        chosen[name] = next(
            (port for port in wanted if port not in chosen.values() and is_free(port)), 0
        ) or any_free_port(set(chosen.values()))
    return chosen


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of the last run still in TIME_WAIT does not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free_port(taken: set[int]) -> int:
    """A free port the system picks, none of those taken."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port
