"""Where one installation on one machine keeps its things, what it remembers between starts, and its secrets."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from touchpoint.errors import TouchpointError
from touchpoint.local.postgres import Server, root_folder
from touchpoint.statements import ROOT

USERS = {"engineer": "Admin", "marketer": "Marketer", "ops": "Op"}
"""Log-ins and the Airflow role of each."""


@dataclass(frozen=True)
class Layout:
    """The folders of an installation: the repository, and var/ below it for everything that is made at run time."""

    root: Path = ROOT
    var: Path = ROOT / "var"
    dags: Path = ROOT / "dags"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def airflow_home(self) -> Path:
        return self.var / "airflow"

    @property
    def sandbox_state(self) -> Path:
        return self.var / "sandbox"

    @property
    def schedule_switch(self) -> Path:
        return self.var / "schedule"

    @property
    def passwords(self) -> Path:
        return self.var / "passwords.txt"

    @property
    def summary(self) -> Path:
        return self.var / "run-summary.json"

    @property
    def shell_environment(self) -> Path:
        return self.var / "env.sh"

    def make_folders(self) -> None:
        """Make var/ and what lies below it; only its owner can enter."""
        self.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.run, self.log, self.airflow_home, self.sandbox_state):
            folder.mkdir(exist_ok=True)


@dataclass
class State:
    """What an installation remembers between starts (var/state.json)."""

    installation: str
    root: str
    database_folder: str
    ports: dict[str, int] = field(default_factory=dict)
    migrated_by: str = ""
    users_made: bool = False
    first_cycle_done: bool = False

    @property
    def server(self) -> Server:
        """The PostgreSQL server of this installation."""
        return Server(Path(self.database_folder))


def load_state(layout: Layout) -> State:
    """The state of an installation, made anew if there is none.

    Raises:
        TouchpointError: var/ is a copy of another folder's: two installations must not share a database.
    """
    path = layout.var / "state.json"
    if not path.is_file():
        return _new_state(layout)
    state = State(**json.loads(path.read_text(encoding="utf-8")))
    original = Path(state.root) / "state.json"
    is_elsewhere = Path(state.root) != layout.var and original.is_file()
    if is_elsewhere and json.loads(original.read_text(encoding="utf-8")).get("installation") == state.installation:
        raise TouchpointError(
            f"this is a copy of {state.root}, whose database is still in use there",
            place="var/state.json",
            remedy="delete this folder's var/ and start again",
        )
    state.root = str(layout.var)
    return state


def save_state(layout: Layout, state: State) -> None:
    """Write var/state.json."""
    write_private(layout.var / "state.json", json.dumps(asdict(state), indent=2) + "\n")


def load_secrets(layout: Layout) -> dict[str, str]:
    """Secrets of this installation (var/secrets.json, mode 0600), made at random the first time.

    The hash key and the environment id are made once: with others, addresses would hash to other values and nothing
    that was decided before could be claimed.
    """
    path = layout.var / "secrets.json"
    if path.is_file():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    made = new_secrets()
    write_private(path, json.dumps(made, indent=2) + "\n")
    lines = [f"{user:<10}{made[f'password_{user}']}" for user in USERS]
    write_private(layout.passwords, "\n".join(lines) + "\n")
    return made


def new_secrets() -> dict[str, str]:
    """A fresh set of secrets."""
    made = {f"password_{user}": secrets.token_urlsafe(15) for user in USERS}
    for name in ("jwt_secret", "api_secret_key", "hash_key", "postgres_password"):
        made[name] = secrets.token_hex(32)
    made["fernet_key"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    made["environment_id"] = str(uuid4())
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def earlier_databases(layout: Layout, state: State) -> list[Path]:
    """Databases that root's earlier installations in this very folder left behind (their var/ was deleted)."""
    if os.geteuid() != 0:
        return []
    current = Path(state.database_folder)
    return [path for path in sorted(root_folder().glob(f"{_folder_digest(layout)}-*")) if path != current]


def _new_state(layout: Layout) -> State:
    installation = secrets.token_hex(4)
    if os.geteuid() == 0:
        folder = root_folder() / f"{_folder_digest(layout)}-{installation}"
    else:
        folder = layout.var / "postgres"
    return State(installation=installation, root=str(layout.var), database_folder=str(folder))


def _folder_digest(layout: Layout) -> str:
    return sha256(str(layout.var.resolve()).encode()).hexdigest()[:12]
