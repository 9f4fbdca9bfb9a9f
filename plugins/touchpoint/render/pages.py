"""Report pages: templates below include/templates/reports/, escaped."""

from __future__ import annotations

from touchpoint.errors import RenderError
from touchpoint.render.environment import templates


def render_page(name: str, **context: object) -> str:
    """The page include/templates/reports/<name>.

    Raises:
        RenderError: no such page, one that would not be escaped, or something it needs is missing.
    """
    if not name.endswith(".html"):
        raise RenderError("would not be escaped", place=f"include/templates/reports/{name}", remedy="name it .html")
    return templates().render(f"reports/{name}", context)
