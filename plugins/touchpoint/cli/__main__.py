"""`python -m touchpoint.cli`."""

from __future__ import annotations

from touchpoint.cli import main

if __name__ == "__main__":
    main()
