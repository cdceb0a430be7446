"""An article's page: what its answer means for the article."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from worker.model.entry import NotAFeed
from worker.model.fetch import FetchFailure
from worker.model.page import NoPage, NotAPage
from worker.steps import inflate
from worker.steps.page import read_page

if TYPE_CHECKING:
    from worker.model.fetch import FailureKind, Fetched
    from worker.model.page import PageAnswer

# Asking again tomorrow will not help.
_FINAL: frozenset[FailureKind] = frozenset({"blocked", "redirect", "too_large", "robots"})
# 408, 425 and 429 ask for patience, not for resignation (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4).
_PATIENCE = frozenset({408, 425, 429})


def page_of(fetched: Fetched, *, max_body_bytes: int) -> PageAnswer:
    """The page that a server answered with, or why there is none."""
    if isinstance(fetched, FetchFailure):
        when: Literal["later", "never"] = "never" if fetched.kind in _FINAL else "later"
        return NoPage(when=when, detail=fetched.detail)
    status = fetched.status
    if status in {404, 410}:
        return NoPage(when="gone", detail=f"HTTP {status}")
    if status != 200:
        lasting = status < 500 and status not in _PATIENCE
        return NoPage(when="never" if lasting else "later", detail=f"HTTP {status}")
    body = inflate.inflate(fetched.body, fetched.content_encoding, max_bytes=max_body_bytes)
    if isinstance(body, NotAFeed):
        return NoPage(when="never", detail=body.detail)
    page = read_page(body, url=fetched.url, content_type=fetched.headers.get("content-type"))
    return NoPage(when="never", detail=page.detail) if isinstance(page, NotAPage) else page
