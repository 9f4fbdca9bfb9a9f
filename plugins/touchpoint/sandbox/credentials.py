"""What opens the simulated providers. They guard nothing: whoever reaches the sandbox's port may know them."""

from __future__ import annotations

import json

APP_KEY = "12345678"
APP_SECRET = "sandbox-app-secret"  # noqa: S105
SESSION = "6100sandbox0session0of0the0simulated0shop"
ACCESS_KEY_ID = "LTAIsandbox"
ACCESS_KEY_SECRET = "sandbox-access-key-secret"  # noqa: S105


def connections(url: str, host: str, smtp_port: int, exports: str) -> dict[str, str]:
    """Connection id -> AIRFLOW_CONN JSON text, for everything the sandbox plays."""
    told = {
        "sandbox_platform": {
            "conn_type": "http",
            "host": f"{url}/router/rest",
            "login": APP_KEY,
            "password": APP_SECRET,
            "extra": {"url": f"{url}/router/rest", "session": SESSION, "sandbox": True},
        },
        "sandbox_files": {"conn_type": "fs", "extra": {"folder": exports, "sandbox": True}},
        "sandbox_sms": {
            "conn_type": "http",
            "login": ACCESS_KEY_ID,
            "password": ACCESS_KEY_SECRET,
            "extra": {"url": f"{url}/", "sandbox": True},
        },
        "sandbox_smtp": {
            "conn_type": "smtp",
            "host": host,
            "port": smtp_port,
            "extra": {"sandbox": True, "starttls": False},
        },
    }
    return {name: json.dumps(connection) for name, connection in told.items()}
