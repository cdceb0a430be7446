"""The pages in a real browser, with 10,000 feeds. DATELINE_SCREENSHOTS=FOLDER keeps the pictures for the docs."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.integration.browser import Page, browse
from tests.newsroom import Newsroom, busy, feed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_FIRST = "document.querySelector('tbody tr a').dataset.row"
_COUNT = "document.querySelectorAll('tbody tr').length"
_AT = "document.activeElement.dataset.row"


@asynccontextmanager
async def looking_at(room: Newsroom, folder: Path) -> AsyncIterator[tuple[Page, str]]:
    """A browser, and the address of the worker. Afterwards, nothing may have gone wrong, and nothing gone elsewhere."""
    server = room.server()
    base = await server.start()
    try:
        async with browse(folder) as page:
            yield page, base
            assert page.complaints == []
            assert {urlsplit(url).netloc for url in page.requested} == {urlsplit(base).netloc}
    finally:
        await server.stop()


@pytest.fixture(scope="module")
def ten_thousand() -> Newsroom:
    return busy(10_000)


async def test_ten_thousand_feeds_are_shown_filtered_sorted_and_paged(ten_thousand: Newsroom, tmp_path: Path):
    async with looking_at(ten_thousand, tmp_path) as (page, base):
        await page.goto(f"{base}/feeds")
        assert await page.run(_COUNT) == 100
        assert await page.run("document.body.innerText.includes('1 to 100 of 10,000')")
        await page.run("document.querySelector('.pager a:last-child').click()")
        await page.until(f"{_FIRST} === 'feed-09902'")
        assert "ok 5 new" in await page.run("document.querySelector('tbody').innerText.replace(/\\s+/g, ' ')")
        await page.run("document.querySelector('.chip.gone').click()")
        await page.until(f"{_FIRST} === 'feed-00101' && {_COUNT} === 99")
        await page.goto(f"{base}/feeds")
        for first in ("world-wire", "feed-00015"):
            # The first has no failures; the second is the first of those with seven in a row.
            await page.run("document.querySelectorAll('th a')[4].click()")
            await page.until(f"location.search.includes('failures') && {_FIRST} === '{first}'")


async def test_feeds_are_searched_while_one_types_and_walked_through_by_keyboard(
    ten_thousand: Newsroom, tmp_path: Path
):
    async with looking_at(ten_thousand, tmp_path) as (page, base):
        await page.goto(f"{base}/feeds")
        await page.press("/")
        assert await page.run("document.activeElement.name") == "q"
        await page.type("harbour wire")
        await page.until("document.querySelector('[role=status]').textContent === '1 to 100 of 1,667'")
        assert await page.run("location.search + document.activeElement.value") == "?q=harbour+wireharbour wire"
        await page.press("Escape")
        await page.press("j")
        assert await page.run(_AT) == "feed-00006"
        await page.press("j")
        assert await page.run(_AT) == "feed-00012"
        await page.press("k")
        await page.press("k")
        assert await page.run(_AT) == "feed-00006"
        await page.press("Enter")
        await page.until("location.pathname === '/feeds/feed-00006' && document.readyState === 'complete'")
        assert await page.run("document.querySelector('h1').textContent") == "Harbour Wire: Weather 6"


async def test_a_feed_shows_its_last_polls_and_articles(ten_thousand: Newsroom, tmp_path: Path):
    async with looking_at(ten_thousand, tmp_path) as (page, base):
        await page.goto(f"{base}/feeds/world-wire")
        polls = await page.run("[...document.querySelectorAll('.polls tbody tr')].map(row => row.innerText)")
        assert len(polls) == 2
        assert "5 new" in polls[0]
        assert "http_404" in polls[1]
        assert await page.run("document.querySelectorAll('.ticker li').length") == 5


async def test_new_articles_appear_by_themselves_with_their_facts_marked(tmp_path: Path):
    wire = feed("world-wire", title="Harbour Wire: World")
    room = Newsroom(wire)
    async with looking_at(room, tmp_path) as (page, base):
        await page.goto(f"{base}/articles")
        assert await page.run("document.body.innerText.includes('Nothing was published')")
        room.read(wire, "world-wire.rss.xml")
        await page.until("document.querySelectorAll('.ticker li').length === 5")
        kinds = await page.run(
            "[...new Set([...document.querySelectorAll('.story mark')].map(m => m.className))].sort()"
        )
        assert kinds == ["date", "figure", "organisation", "person", "place", "quote"]
        assert await page.run("document.querySelector('.story mark.person').textContent") == "Volodymyr Zelenskyy"
        grounds = await page.run(
            "[...document.querySelectorAll('.legend mark')].map(m => getComputedStyle(m).backgroundColor)"
        )
        assert len(set(grounds)) == 6


async def test_the_pages_work_without_scripts(ten_thousand: Newsroom, tmp_path: Path):
    async with looking_at(ten_thousand, tmp_path) as (page, base):
        await page.scripts(allowed=False)
        await page.goto(f"{base}/feeds")
        # What the test itself runs is allowed; the page's own script is not: "/" does nothing.
        await page.press("/")
        assert await page.run("document.activeElement.tagName") == "BODY"
        await page.run("document.querySelector('[data-search]').value = 'Sport'")
        await page.run("document.querySelector('form').requestSubmit()")
        await page.until("location.search === '?q=Sport' && document.body.innerText.includes('1 to 100 of 1,250')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_are_readable_in_light_and_in_dark(ten_thousand: Newsroom, tmp_path: Path, scheme: str):
    folder = Path(os.environ.get("DATELINE_SCREENSHOTS", tmp_path))
    async with looking_at(ten_thousand, tmp_path) as (page, base):
        await page.resize(1_120, 520)
        await page.prefer(scheme)
        for name, path in (("feeds", "/feeds"), ("feed", "/feeds/world-wire"), ("articles", "/articles")):
            await page.goto(base + path)
            ground, ink = [
                _luminance(colour)
                for colour in await page.run(
                    "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
                )
            ]
            assert (ground > ink) == (scheme == "light")
            # WCAG 2.2, 1.4.6: enhanced contrast.
            assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) > 7
            picture = await page.screenshot()
            assert picture.startswith(b"\x89PNG")
            assert len(picture) < 150_000
            (folder / f"{name}-{scheme}.png").write_bytes(picture)


async def test_hostile_titles_do_nothing_in_a_browser(tmp_path: Path):
    """The Content-Security-Policy would complain on the console about anything that got through."""
    bad = feed(
        "bad", title="</title></td><script>document.title='hit'</script><img src=x onerror=\"document.title='hit'\">"
    )
    room = Newsroom(bad)
    room.poll(bad, status="failing", failures=1)
    async with looking_at(room, tmp_path) as (page, base):
        for path in ("/feeds", "/feeds/bad"):
            await page.goto(base + path)
            assert await page.run("document.images.length") == 0
            assert "hit" not in (await page.run("document.title")).partition("<")[0]


def _luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2.2)."""
    parts = [int(part) / 255 for part in colour.strip("rgb()").split(",")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
