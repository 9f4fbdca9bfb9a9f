#!/bin/sh
# Makes .venv from the pinned requirements.txt; at once when nothing changed. Called by `make setup`.
#
# Needs Python 3.11-3.13 and a package registry. Uses uv, itself installed by pip; should uv not get through (a registry that
# only pip's configuration knows), pip does it, more slowly. PYTHON=... names the interpreter.
set -eu
cd "$(dirname "$0")/../../.."

UV=uv==0.13.9
VENV=.venv
STAMP=$VENV/installed-requirements.txt

say() { printf '%s\n' "$*" >&2; }

usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if usable "$name"; then
            command -v "$name"
            return
        fi
    done
    say "No usable Python found. Touchpoint needs Python 3.11, 3.12 or 3.13 with its venv module."
    say "Install one (Debian: apt-get install python3 python3-venv), or name it: make setup PYTHON=/path/to/python3.12"
    return 1
}

# uv reads no pip configuration; what it can use of it is handed on.
hand_on() {
    if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}" ]; then export UV_DEFAULT_INDEX="$PIP_INDEX_URL"; fi
    if [ -n "${PIP_CERT:-}" ] && [ -z "${SSL_CERT_FILE:-}" ]; then export SSL_CERT_FILE="$PIP_CERT"; fi
    if [ -z "${UV_DEFAULT_INDEX:-}" ]; then
        index=$("$VENV/bin/python" -m pip config get global.index-url 2>/dev/null || true)
        if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
    fi
}

install_packages() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$UV" || return 1
    hand_on
    "$VENV/bin/python" -m uv pip install --quiet --compile-bytecode --python "$VENV/bin/python" -r requirements.txt
}

if [ -x "$VENV/bin/python" ] && ! usable "$VENV/bin/python"; then
    say "Its Python is gone or out of range: making $VENV anew"
    rm -rf "$VENV"
fi
if cmp -s requirements.txt "$STAMP"; then exit 0; fi

if [ ! -x "$VENV/bin/python" ]; then
    python=$(find_python)
    say "Making $VENV with $("$python" --version)"
    "$python" -m venv "$VENV"
fi
say "Installing the packages of requirements.txt (about 200, once)"
if ! install_packages; then
    say "uv did not get through; trying pip, which takes some minutes"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
fi
cp requirements.txt "$STAMP"
