"""`touchpoint tags …`: heads of each tag, and what service agents say of customers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, known_shop, say, services, show
from touchpoint.cli.records import BrandOption, notes_of, record, tell
from touchpoint.errors import TouchpointError
from touchpoint.settings import CONFIG_ROOT, load_tags

tags_app = typer.Typer(help="Tags of customers: inferred ones, and those agents give.", no_args_is_help=True)


@tags_app.command("show")
def tags_show(
    shop: ShopOption = DEFAULT_SHOP, brand: BrandOption = None, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """Customers by tag and value, how sure each is, and what to connect for those that are unavailable."""
    from touchpoint.record.heads import heads

    with record(shop, as_of, brand) as (tx, shops, at, everyone):
        given = {"inferred": everyone.tags, "scope": everyone.scope, "others": shops[1:]}
        found = heads(tx, shop=shops[0], as_of=at, tags=load_tags(CONFIG_ROOT), **given)  # type: ignore[arg-type]
        notes = notes_of(tx, brand, shops, at)
    show(found, as_json, "")
    tell(notes, as_json)


@tags_app.command("import")
def tags_import(
    file: Annotated[Path, typer.Option("--file", help="CSV: customer, tag, value, author, at, withdrawn.")],
    shop: ShopOption = DEFAULT_SHOP,
    encoding: Annotated[str, typer.Option("--encoding", help="As in utf-8 or gb18030.")] = "utf-8-sig",
    as_json: AsJson = False,
) -> None:
    """Keep what agents say of customers; a line that cannot be taken is named, the others are kept."""
    from touchpoint.record import manual

    loaded, tags, text = known_shop(shop), load_tags(CONFIG_ROOT), _text(file, encoding)
    with services() as opened:
        at = opened.business_clock(loaded.realm).now()
        with opened.db.transaction() as tx:
            done = manual.bring_in(tx, shop=loaded, text=text, vocabulary=tags.manual, as_of=at)
    counts = {"lines": done.lines, "added": done.added, "unchanged": done.unchanged, "refused": len(done.refused)}
    refused = [{"line": each.line, "reason": each.reason} for each in done.refused]
    if as_json:
        say({**counts, "refused_lines": refused}, as_json, "")
    else:
        if refused:
            show(refused, as_json, "")
        say(counts, as_json, ", ".join(f"{name} {count}" for name, count in counts.items()) + ".")
    if refused:
        raise SystemExit(1)


def _text(file: Path, encoding: str) -> str:
    try:
        return file.read_bytes().decode(encoding)
    except OSError as error:
        raise TouchpointError("the file cannot be read", place=file.name, remedy="correct --file") from error
    except LookupError as error:
        raise TouchpointError(f"no encoding {encoding!r}", place="--encoding", remedy="as in gb18030") from error
    except UnicodeDecodeError as error:
        raise TouchpointError(
            f"it is not written in {encoding}", place=file.name, remedy="say which with --encoding, as in gb18030"
        ) from error
