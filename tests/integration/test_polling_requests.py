"""What each request says, and what of an answer is taken: numbers 40 to 42 and 45 of the list of behaviours."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.recording import answer, honest, redirect, rss
from tests.integration.steered import HOUR, Steered, steered
from worker import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ETAG = {"ETag": '"1"'}


@pytest.fixture
async def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Steered]:
    async with steered(tmp_path, monkeypatch) as worker:
        yield worker


async def test_a_request_says_what_it_has_to_and_no_more(worker: Steered):
    """40: no cookie although some were set, no Referer after a redirect, no Authorization of nobody."""
    site = await worker.site()
    cookies = {"Set-Cookie": "id=1; Path=/; Max-Age=99999999"}
    site.on("/feed", redirect(302, "/end", cookies))
    site.on("/end", answer(200, rss("a"), {**ETAG, **cookies}))
    await worker.start(site.url())
    await worker.passing(2 * HOUR)
    await worker.restart()
    await worker.passing(HOUR)
    assert len(site.visits) == 8
    allowed = {"host", "user-agent", "accept", "accept-encoding", "if-none-match", "connection"}
    for visit in site.visits:
        names = [name.lower() for name, _ in visit.headers]
        assert set(names) <= allowed
        assert len(set(names)) == len(names)
        assert visit.header("Host") == site.place
        assert (visit.method, visit.body) == ("GET", b"")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("/feed#latest", "/feed"),
        ("/feed?b=2&a=1&b=3", "/feed?b=2&a=1&b=3"),
        ("/feed?sig=a%2Fb%2b%20c&empty=&flag", "/feed?sig=a%2Fb%2b%20c&empty=&flag"),
        ("/a//b/d;v=1", "/a//b/d;v=1"),
        ("/%7Euser/f%C3%AAed", "/%7Euser/f%C3%AAed"),
        ("/fêed", "/f%C3%AAed"),
        ("", "/"),
        ("?feed=rss2", "/?feed=rss2"),
    ],
)
async def test_a_url_is_asked_for_as_it_is_written(worker: Steered, written: str, asked: str):
    """40: nothing is added to it, nothing in it is written anew; fragments are not sent."""
    site = await worker.site()
    site.on(asked, honest(rss("a"), '"1"'))
    await worker.start(site.url(written))
    await worker.passing(HOUR)
    assert [visit.target for visit in site.visits] == [asked] * 2
    assert site.visits[1].header("If-None-Match") == '"1"'


async def test_nothing_is_asked_for_but_the_feed(worker: Steered):
    """40: neither pages nor pictures, icons, robots.txt or what else the document names."""
    site = await worker.site()
    channel = f"<image><url>{site.url('/i.png')}</url></image><link>{site.url('/')}</link>"
    item = f"<item><title>T</title><link>{site.url('/1')}</link><enclosure url='{site.url('/1.mp3')}'/></item>"
    body = f"<rss version='2.0'><channel>{channel}{item}</channel></rss>".encode()
    await worker.start(site.on("/feed", answer(200, body, ETAG)))
    await worker.passing(3 * HOUR)
    assert {visit.target for visit in site.visits} == {"/feed"}
    assert len(worker.events()) == 1


async def test_the_user_agent_is_name_and_version_and_never_another(worker: Steered):
    """41: whatever is asked, and whatever was answered. It says nothing of a browser."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(200, rss("a"), ETAG), answer(403), answer(500), answer(304)))
    await worker.passing(9 * HOUR)
    await worker.restart()
    await worker.passing(2 * HOUR)
    assert len(site.visits) >= 5
    assert {visit.header("User-Agent") for visit in site.visits} == {f"Dateline/{__version__}"}


async def test_the_user_agent_may_name_who_runs_the_worker(worker: Steered):
    """41: with an address to write to, for those who want to."""
    site = await worker.site()
    name = "Dateline/1.0 (+https://reader.example/bot)"
    await worker.start(site.on("/feed", answer(200, rss("a"), ETAG)), fetch={"user_agent": name})
    assert site.visits[0].header("User-Agent") == name


async def test_gzip_is_asked_for_and_taken(worker: Steered):
    """42: validators of a compressed answer are kept as those of any other."""
    site = await worker.site()
    given = {"Content-Encoding": "gzip", "ETag": '"1-gzip"', "Vary": "Accept-Encoding"}
    await worker.start(site.on("/feed", answer(200, gzip.compress(rss("a")), given), answer(304)))
    await worker.passing(HOUR)
    for visit in site.visits:
        assert "gzip" in [coding.strip() for coding in (visit.header("Accept-Encoding") or "").split(",")]
    assert site.visits[1].header("If-None-Match") == '"1-gzip"'
    assert len(worker.events()) == 1


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("fits", [True, False])
async def test_the_cap_on_a_body_is_on_what_it_decodes_to(worker: Steered, coding: str, fits: bool):  # noqa: FBT001 - a case
    """42: to the byte. What is too large is not read, and its validators are not kept."""
    site = await worker.site()
    body = rss("a") + b"<!--" + b" " * 50_000 + b"-->"
    sent = gzip.compress(body) if coding == "gzip" else body
    site.on("/feed", answer(200, sent, {**ETAG, "Content-Encoding": coding}))
    await worker.start(site.url(), fetch={"max_body_bytes": len(body) - (not fits)})
    await worker.passing(1.2 * HOUR)
    assert len(worker.events()) == (1 if fits else 0)
    assert site.visits[1].conditional == fits


async def test_the_default_cap_is_five_mebibytes(worker: Steered):
    """42: a bomb of a hundred times its size is no feed."""
    site = await worker.site()
    bomb = gzip.compress(b"<rss><channel><title>" + b"a" * (5 * 2**20) + b"</title></channel></rss>")
    assert len(bomb) < 10_000
    await worker.start(site.on("/feed", answer(200, bomb, {**ETAG, "Content-Encoding": "gzip"})))
    assert worker.outcomes() == [("not_a_feed", "undecodable")]


async def test_credentials_of_a_url_are_sent_as_authorization_and_shown_nowhere(worker: Steered):
    """45: neither in logs nor in metrics, events, dead letters or the feed's own name."""
    site = await worker.site()
    site.on("/feed?k=v", answer(200, rss("a"), ETAG), answer(200, b"<rss><channel><item>"), answer(401), answer(304))
    await worker.start(
        {"url": site.url("/feed?k=v", userinfo="b%C3%B6b:pa%3Ass%2Fw0rd@"), "id": "private", "interval": "1h"}
    )
    await worker.passing(9 * HOUR)
    sent = {visit.header("Authorization") for visit in site.visits}
    assert sent == {"Basic YsO2YjpwYTpzcy93MHJk"}
    assert {visit.target for visit in site.visits} == {"/feed?k=v"}
    assert all("@" not in (visit.header("Host") or "") for visit in site.visits)
    assert len(worker.outcomes("private")) >= 3
    shown = "\n".join([json.dumps(worker.lines(), default=str), worker.metrics(), worker.written().decode()])
    for secret in ("w0rd", "pa%3A", "pa:ss", "YsO2", "b%C3%B6b", "b\u00f6b"):
        assert secret not in shown


async def test_credentials_of_a_url_are_not_in_the_name_that_is_made_of_it(worker: Steered):
    """45: nor does the name change with them, so that what is known of the feed stays."""
    site = await worker.site()
    site.on("/feed", answer(200, rss("a"), ETAG))
    names = set()
    for userinfo in ("", "bob:pass@", "ann:other@"):
        await worker.start({"url": site.url(userinfo=userinfo), "id": None})
        names |= {line["feed"] for line in worker.lines("poll")}
        await worker.stop()
    assert len(names) == 1
    assert "pass" not in names.pop()
