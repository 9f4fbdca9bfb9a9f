"""`touchpoint source …`: exports of a shop that is not connected yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from touchpoint.errors import ConfigError

source_app = typer.Typer(help="Exports of a shop that is not connected yet.", no_args_is_help=True)


@source_app.command("draft")
def source_draft(
    files: Annotated[list[Path], typer.Argument(help="CSV, Parquet or Excel exports: all of a shop's together.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where they lie; default: what holds them all.")
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="Of all amounts, as in GBP; else guessed.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="Of times without offset; default: the shop's.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A file to write, as config/mappings/mine.yaml.")] = None,
) -> None:
    """Look at exports and write a draft of their mapping, with a comment at every column that is in doubt."""
    from touchpoint.sources.drafting import doubts, draft_mapping

    if out is not None and out.exists():
        raise ConfigError(f"{out.name!r} is there already", place="--out", remedy="name another file, or delete it")
    text = draft_mapping(files, folder=folder, currency=currency, zone=zone)
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"Written: {out}.")
    typer.echo(f"In doubt: {doubts(text)} columns, each with a comment `# ?`.", err=True)
