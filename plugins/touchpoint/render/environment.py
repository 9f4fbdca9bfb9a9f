"""The one Jinja environment: sandboxed, immutable, strict about what is undefined, escaping every .html."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateNotFound, meta
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from touchpoint.errors import RenderError
from touchpoint.render import words
from touchpoint.statements import ROOT

TEMPLATE_ROOT = ROOT / "include" / "templates"


class Empty(StrictUndefined):
    """A value that is known to be empty: a template may ask whether it is there, and cannot print it.

    A sentence around nothing would go out as one with a hole in it.
    """

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(hint=f"{name!r} is empty", name=name)

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    # The library's type says that these never return: they fail there.
    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return other == "" or isinstance(other, Empty)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]
        return hash("")


def escapes(name: str | None) -> bool:
    """Whether a template's output is HTML: its last suffix says so, and a string's is."""
    return name is None or name.endswith(".html")


class Templates:
    """The templates below a root, each read once: an edit shows in the next process, never in the middle of a run.

    A template's version is the hash of its source and of every template it extends, includes or imports.
    """

    def __init__(self, root: Path = TEMPLATE_ROOT) -> None:
        self.environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(root),
            autoescape=escapes,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.environment.filters.update(words.FILTERS)
        self._sources: dict[str, str] = {}
        self._compiled: dict[str, tuple[str, Template]] = {}

    def exists(self, name: str) -> bool:
        """Whether there is such a template."""
        try:
            self.source(name)
        except RenderError:
            return False
        return True

    def source(self, name: str) -> str:
        """A template's source, as first read.

        Raises:
            RenderError: no such template.
        """
        if name not in self._sources:
            loader = self.environment.loader
            assert loader is not None  # noqa: S101 (set above; tells the type checker)
            try:
                self._sources[name] = loader.get_source(self.environment, name)[0]
            except TemplateNotFound as error:
                raise RenderError(
                    "no such template", place=f"include/templates/{name}", remedy="write it or correct the name"
                ) from error
        return self._sources[name]

    def version(self, name: str) -> str:
        """SHA-256 of a template with all it draws in, hex.

        Raises:
            RenderError: a template is missing, or has a syntax error.
        """
        return self._load(name)[0]

    def render(self, name: str, context: dict[str, object]) -> str:
        """A template's text.

        Raises:
            RenderError: naming the template and what is wrong with it, never a value it was given.
        """
        try:
            return self._load(name)[1].render(context)
        except UndefinedError as error:
            raise _refused(name, error.message or "something is undefined", "pass it, or take it out") from error
        except SecurityError as error:
            raise _refused(name, "reaches for what a template may not touch", "use words and filters alone") from error
        except TemplateError as error:
            raise _refused(name, error.message or type(error).__name__, "correct the template") from error
        except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
            raise _refused(name, f"{type(error).__name__} while rendering", "correct the template") from None

    def _load(self, name: str) -> tuple[str, Template]:
        if name not in self._compiled:
            try:
                version = self._digest(name, ())
                self._compiled[name] = (version, self.environment.get_template(name))
            except TemplateSyntaxError as error:
                raise _refused(
                    error.name or name, f"line {error.lineno}: {error.message}", "correct the syntax"
                ) from error
        return self._compiled[name]

    def _digest(self, name: str, seen: tuple[str, ...]) -> str:
        source = self.source(name)
        digest = hashlib.sha256(f"{name}\n{source}".encode())
        for drawn_in in sorted(filter(None, meta.find_referenced_templates(self.environment.parse(source, name)))):
            if drawn_in not in seen:
                digest.update(self._digest(drawn_in, (*seen, name)).encode())
        return digest.hexdigest()


def _refused(name: str, thing: str, remedy: str) -> RenderError:
    return RenderError(thing, place=f"include/templates/{name}", remedy=remedy)


@cache
def templates(root: Path = TEMPLATE_ROOT) -> Templates:
    """The templates below a root, shared within a process."""
    return Templates(root)
