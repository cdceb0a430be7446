"""Dead letters, read again: what is published of them, and what never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
import zstandard

from tests.fakes import settled
from tests.unit.test_pipeline import FEED, NOW, Poller, answer, item, rss
from worker.maintenance.states import Held, export_line, read_lines
from worker.model.event import Batch, DeadLetter
from worker.model.feed import Backfill
from worker.pipeline import Limits, process
from worker.pipeline.notes import Forwarded, decode_forwarded, digest, encode_forwarded, feed_states, unfinished
from worker.pipeline.replay import Again, Letter, again, letter_of, unpublished
from worker.steps.encode import decode_state, encode_state

# Each backslash is two bytes of the message: that is too long, the bytes of the entry are not.
TITLE = "Long" + "\\" * 12_000
LONG = item(TITLE, "https://news.example/long", "long", "Words.")
WIDE = Limits(max_body_bytes=100_000, max_event_bytes=100_000)


@pytest.fixture
def poller() -> Poller:
    return Poller()


def replay(poller: Poller, letter: Letter, *, taken: frozenset[str] = frozenset()) -> Batch | str | None:
    """What a replay writes; the poller goes on from its state."""
    poll = again(letter, poller.feed, poller.state, now=poller.now)
    if isinstance(poll, str):
        return poll
    read = settled(
        process(poll.feed, poll.state, poll.response, now=poll.response.retrieved_at, limits=WIDE, taken=taken)
    )
    batch = unpublished(letter, poller.feed, poller.state, read)
    if batch is not None:
        assert batch.state.version == poller.state.version + 1
        assert batch.state == decode_state(batch.state_value)
        poller.state = batch.state
    return batch


def made(letter: DeadLetter) -> Letter:
    return letter_of(letter.headers, letter.value)


def told(batch: Batch | str | None) -> list[tuple[str, int]]:
    assert isinstance(batch, Batch)
    return [(orjson.loads(event.value)["headline"], event.revision) for event in batch.events]


def letter(value: bytes, reason: str = "unreadable_entry", **changes: object) -> Letter:
    plain = Letter(
        feed_id="world",
        stage="parse",
        reason=reason,
        detail="",
        rejected_at=NOW,
        truncated=False,
        content_type=None,
        content_encoding=None,
        entry_hash=None,
        value=value,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # a test knows the fields


def test_an_article_that_was_too_long_is_published_once_and_the_next_polls_know_it(poller: Poller) -> None:
    document = rss(item("Short", "https://news.example/short", "short"), LONG)
    (rejected,) = poller.poll(answer(document)).rejected
    known = made(rejected)
    assert (known.reason, known.stage, known.rejected_at) == ("unusable_entry", "extract", NOW)

    assert told(replay(poller, known)) == [(TITLE, 1)]
    assert replay(poller, known) is None
    poller.limits = WIDE
    later = rss(
        item("New", "https://news.example/new", "new"), item("Short", "https://news.example/short", "short"), LONG
    )
    assert [event.revision for event in poller.poll(answer(later)).events] == [1]
    assert poller.poll(answer(rss(LONG))).events == ()


def test_a_revision_that_was_rejected_follows_the_one_before(poller: Poller) -> None:
    poller.read(item("Long", "https://news.example/long", "long", "short first"))
    (rejected,) = poller.poll(answer(rss(LONG))).rejected

    assert told(replay(poller, made(rejected))) == [(TITLE, 2)]
    assert replay(poller, made(rejected)) is None


def test_a_rejected_revision_does_not_undo_one_that_came_later(poller: Poller) -> None:
    poller.read(item("Long", "https://news.example/long", "long", "short first"))
    (rejected,) = poller.poll(answer(rss(LONG))).rejected
    poller.read(item("Long", "https://news.example/long", "long", "short again"))

    assert replay(poller, made(rejected)) is None


def test_what_another_feed_published_meanwhile_is_not_published(poller: Poller) -> None:
    (rejected,) = poller.poll(answer(rss(LONG))).rejected
    other = Poller(replace(FEED, id="other"), limits=WIDE)
    (event,) = other.poll(answer(rss(LONG))).events

    assert replay(poller, made(rejected), taken=frozenset({event.article_id})) is None


def test_the_rest_of_the_state_stays_as_it_is(poller: Poller) -> None:
    (rejected,) = poller.poll(answer(rss(item("Short", "https://news.example/s", "s"), LONG), etag='"1"')).rejected
    before = poller.state
    replay(poller, made(rejected))

    after = replace(poller.state, version=before.version, entries=before.entries)
    assert after == before
    assert [seen.key for seen in poller.state.entries] == [seen.key for seen in before.entries]
    assert [seen.entry_hash for seen in poller.state.entries] == [seen.entry_hash for seen in before.entries]


def test_a_document_that_was_rejected_as_a_whole_gives_its_articles(poller: Poller) -> None:
    """Two of three are new: the third was published from another document."""
    poller.read(item("A", "https://news.example/a", "a"))
    document = rss(*(item(name, f"https://news.example/{name.lower()}", name.lower()) for name in "ABC"))

    assert told(replay(poller, letter(document, "broken"))) == [("C", 1), ("B", 1)]
    assert replay(poller, letter(document, "broken")) is None
    assert poller.poll(answer(document)).events == ()


def test_a_first_poll_that_was_to_pass_over_old_entries_does_not_stop_a_replay() -> None:
    poller = Poller(replace(FEED, backfill=Backfill(newest=0)))
    assert told(replay(poller, letter(item("A", "https://news.example/a", "a").encode()))) == [("A", 1)]


@pytest.mark.parametrize(
    ("value", "content_type", "headline"),
    [
        (item("Äpfel", "https://news.example/a", "a").encode(), None, "Äpfel"),
        (item("Äpfel", "https://news.example/a", "a").encode("windows-1252"), None, "Äpfel"),
        (item("Жук", "https://news.example/a", "a").encode("koi8-r"), "text/xml; charset=KOI8-R", "Жук"),
        (item("Äpfel", "https://news.example/a", "a").encode("utf-16-le"), None, "Äpfel"),
        (
            b"<entry><id>urn:1</id><title>Atom</title><link href='https://news.example/a'/><summary>x</summary></entry>",
            None,
            "Atom",
        ),
        (b'{"id": "1", "url": "https://news.example/a", "title": "JSON", "content_text": "x"}', None, "JSON"),
        (
            b"<item rdf:about='https://news.example/a'><title>RDF</title><dc:creator>Ann</dc:creator></item>",
            None,
            "RDF",
        ),
    ],
    ids=["utf-8", "windows-1252", "named charset", "utf-16", "atom", "json", "undeclared prefixes"],
)
def test_one_entry_is_read_without_its_document(
    poller: Poller, value: bytes, content_type: str | None, headline: str
) -> None:
    assert told(replay(poller, letter(value, content_type=content_type))) == [(headline, 1)]


def test_an_entry_keeps_the_time_at_which_it_came(poller: Poller) -> None:
    came_at = NOW - timedelta(days=3)
    batch = replay(poller, letter(item("A", "https://news.example/a", "a").encode(), rejected_at=came_at))
    assert isinstance(batch, Batch)
    assert orjson.loads(batch.events[0].value)["source"]["retrieved_at"] == "2025-05-22T09:00:00Z"


def test_bytes_that_were_cut_are_not_read(poller: Poller) -> None:
    assert replay(poller, letter(b"<item>", truncated=True)) == "its bytes were cut to the largest record"


def test_a_letter_without_bytes_of_an_entry_says_so(poller: Poller) -> None:
    assert replay(poller, letter(b"Entry(guid='1')")) == "it does not hold the bytes of an entry"


def test_a_compressed_document_is_inflated_as_its_answer_said(poller: Poller) -> None:
    body = zstandard.compress(rss(item("A", "https://news.example/a", "a")))
    assert told(replay(poller, letter(body, "undecodable", content_encoding="zstd"))) == [("A", 1)]


def test_a_letter_says_what_it_takes_to_read_it_again(poller: Poller) -> None:
    body = b"<rss><channel><title>x</ti"
    (rejected,) = poller.poll(answer(body, content_type="text/xml; charset=latin1")).rejected
    assert (made(rejected).content_type, made(rejected).entry_hash) == ("text/xml; charset=latin1", None)


def test_a_letter_of_somebody_else_is_empty_where_it_says_nothing() -> None:
    foreign = letter_of((("dateline_rejected_at", b"yesterday"),), b"x")
    assert (foreign.feed_id, foreign.rejected_at, foreign.truncated) == ("", None, False)


def test_the_poll_of_a_letter_asks_for_no_other_page(poller: Poller) -> None:
    poll = again(letter(b"<item><title>x</title></item>"), poller.feed, poller.state, now=NOW)
    assert isinstance(poll, Again)
    assert poll.feed.recheck_seconds is None


# Notes


def test_a_note_about_a_file_comes_back() -> None:
    note = Forwarded(articles=3, dead_letters=1, states="ab")
    assert decode_forwarded(encode_forwarded(note)) == note
    with pytest.raises(ValueError, match="not a note"):
        decode_forwarded(b'{"other": 1}')


def test_notes_are_told_from_states() -> None:
    values = {"world": b"{}", ":unfinished": b"dateline forward", ":forwarded:1": b"{}"}
    assert feed_states(values) == {"world": b"{}"}
    assert unfinished(values) == "dateline forward"
    assert unfinished({"world": b"{}"}) is None


def test_a_digest_depends_on_each_state_and_not_on_their_order() -> None:
    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
    assert len({digest({"a": b"12"}), digest({"a": b"1"}), digest({"a1": b"2"}), digest({})}) == 4


def test_states_survive_the_way_through_an_export(poller: Poller) -> None:
    poller.poll(answer(rss(item("A", "https://news.example/a", "a")), etag='"1"'))
    (line,) = read_lines(
        export_line(Held(feed_id="world", shard_key="news.example", value=encode_state(poller.state))), "backup"
    )
    assert (line.number, line.shard_key, line.state) == (1, "news.example", poller.state)
