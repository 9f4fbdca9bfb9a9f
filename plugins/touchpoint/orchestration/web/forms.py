"""What changes something through a page: a form of our own origin, from somebody who may edit the DAG it concerns.

A browser sends Airflow's cookie along with any form on any site. So a change is taken only where the browser says that
it comes from this very site (Sec-Fetch-Site, or Origin where that is not sent), and a GET never changes anything.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.responses import RedirectResponse

LARGEST = 16_384
"""Bytes of a form; a note is a few hundred."""
FOREIGN_FORM = "foreign form"


def demand_own_site(request: Request) -> None:
    """Refuse a form that another site sent, or that does not say where it comes from.

    Raises:
        HTTPException: 403.
    """
    if not comes_from_here(
        request.headers.get("sec-fetch-site"), request.headers.get("origin"), request.headers.get("host")
    ):
        raise HTTPException(403, FOREIGN_FORM)


def comes_from_here(fetch_site: str | None, origin: str | None, host: str | None) -> bool:
    """Whether a browser's headers say that a form is of the page's own origin.

    A form sent without either header is refused. `same-site` is another origin: a neighbour below one domain.
    """
    if fetch_site is not None:
        return fetch_site == "same-origin"
    if not origin or origin == "null" or not host:
        return False
    return urlsplit(origin).netloc.lower() == host.lower()


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form as a browser sends it, each once: the last of a name.

    Raises:
        HTTPException: 415 for anything but a plain form, 413 for one too large, 400 for one that holds no
            UTF-8 or a NUL byte.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise HTTPException(413)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise HTTPException(400) from error
    if any("\0" in value for values in fields.values() for value in values):
        raise HTTPException(400)
    return {name: values[-1] for name, values in fields.items()}


OWN_SITE = Depends(demand_own_site)
"""403 unless the form comes from a page of ours."""
Form = Annotated[dict[str, str], Depends(read_form)]


def see(address: str) -> RedirectResponse:
    """After a change: look at the page anew, so that a reload repeats nothing. The address is relative."""
    return RedirectResponse(address, status_code=303)
