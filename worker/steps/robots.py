"""What a site's robots.txt allows (RFC 9309)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protego import Protego

if TYPE_CHECKING:
    from worker.model.fetch import Response

# RFC 9309, 2.5: at least so much must be read; more is nobody's robots.txt.
_READ_BYTES = 500 * 1024
# Longer pauses are meant for crawlers of whole sites, and would hold up the news for hours.
_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The rules of one site for one agent. `rules` None: everything is allowed."""

    rules: Protego | None = field(default=None, repr=False)
    agent: str

    def allows(self, url: str) -> bool:
        """Whether the agent may ask for this address."""
        return self.rules is None or bool(self.rules.can_fetch(url, self.agent))

    @property
    def pause_seconds(self) -> float:
        """The pause that the site asks for between two requests (Crawl-delay, no part of the RFC but widely used)."""
        asked = None if self.rules is None else self.rules.crawl_delay(self.agent)
        return min(float(asked), _LONGEST_PAUSE_SECONDS) if asked is not None and float(asked) > 0 else 0.0


def read_robots(response: Response, body: bytes | None, *, agent: str) -> Robots | None:
    """The rules in an answer to a request for /robots.txt; None when nothing may be asked for now.

    A site without the file allows everything; one whose server fails allows nothing until it is well again
    (RFC 9309, 2.3.1.3 and 2.3.1.4).

    Args:
        response: the answer.
        body: its decoded body; None if it cannot be decoded, which is no robots.txt.
        agent: the product name of our User-Agent.
    """
    if response.status == 200:
        text = (body or b"")[:_READ_BYTES].decode("utf-8-sig", "replace")
        return Robots(rules=Protego.parse(text), agent=agent)
    if response.status == 429 or response.status >= 500:
        return None
    return Robots(agent=agent)
