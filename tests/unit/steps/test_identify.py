from __future__ import annotations

from dataclasses import replace

import pytest

from worker.model.article import Draft, Identity
from worker.model.entry import Content, Entry
from worker.model.feed import SeenEntry
from worker.steps.identify import (
    MAX_REVISIONS,
    address,
    article_id,
    entry_hash,
    entry_keys,
    field_hashes,
    identify,
    is_front_page,
)

URL = "https://news.example/a"
ENTRY = Entry(guid="g", title=Content(value="Title", html=False), summary=Content(value="Words.", html=False))
DRAFT = Draft(
    guid="g",
    url=URL,
    canonical_url=URL,
    headline="Title",
    byline="Jane Doe",
    section="World",
    tags=("World",),
    media=(),
    language="en",
    text="Words.",
    published_at=None,
    updated_at=None,
)
FIELDS = field_hashes(DRAFT)
SEEN = SeenEntry(key="k", article_id="old", revision=3, entry_hash="h", fields=FIELDS)


def keys(entry: Entry, url: str | None = URL, *, guid: bool = True, link: bool = True) -> tuple[str, ...]:
    return entry_keys(entry, url, guid_is_own=guid, url_is_own=link)


def test_an_entry_is_known_by_its_words_its_address_and_best_by_its_guid() -> None:
    words, address_, guid = keys(ENTRY)
    assert keys(ENTRY, guid=False) == (words, address_)
    assert keys(ENTRY, link=False) == (words, guid)
    assert keys(ENTRY, guid=False, link=False) == (words,)


def test_a_guid_of_its_own_is_all_that_counts() -> None:
    edited = replace(ENTRY, title=None, summary=None, updated="now")
    assert keys(edited, "https://news.example/b")[-1] == keys(ENTRY)[-1]
    assert keys(replace(ENTRY, guid="h"))[-1] != keys(ENTRY)[-1]


def test_an_address_counts_together_with_the_guid_and_without_its_scheme() -> None:
    edited = replace(ENTRY, title=None)
    assert keys(edited, "http://news.example/a", guid=False)[-1] == keys(ENTRY, guid=False)[-1]
    assert keys(ENTRY, "https://news.example/b", guid=False)[-1] != keys(ENTRY, guid=False)[-1]
    assert keys(replace(ENTRY, guid="h"), guid=False)[-1] != keys(ENTRY, guid=False)[-1]


@pytest.mark.parametrize("url", [URL, None])
def test_words_are_title_summary_and_content_and_no_dates_tags_or_authors(url: str | None) -> None:
    nameless = replace(ENTRY, guid=None)
    (known,) = keys(nameless, url, link=False)
    assert keys(replace(nameless, updated="now", tags=("x",), authors=("y",)), url, link=False) == (known,)
    for edited in (
        replace(nameless, summary=Content(value="Other.", html=False)),
        replace(nameless, content=Content(value="Other.", html=False)),
        replace(nameless, title=None),
        ENTRY,
    ):
        assert keys(edited, url, guid=False, link=False) != (known,)


def test_guids_addresses_and_words_never_mix() -> None:
    text = "news.example/a"
    found = {
        keys(Entry(guid=text), None)[-1],
        keys(Entry(guid=None), f"https://{text}")[-1],
        keys(Entry(guid=None, title=Content(value=text, html=False)), None)[-1],
    }
    assert len(found) == 3


def test_an_address_has_no_scheme() -> None:
    assert address("https://news.example/a?b=http://c") == address("http://news.example/a?b=http://c")
    assert address(None) is None


def test_an_entry_hash_covers_everything_as_received() -> None:
    assert entry_hash(ENTRY) == entry_hash(replace(ENTRY))
    for change in (
        {"guid": "h"},
        {"link": URL},
        {"title": Content(value="Title", html=True)},
        {"updated": "2025-05-24"},
        {"tags": ("x",)},
        {"language": "en"},
    ):
        assert entry_hash(replace(ENTRY, **change)) != entry_hash(ENTRY)


def test_an_article_id_is_of_its_address_whatever_feed_and_scheme_it_came_by() -> None:
    assert article_id("one", "k", "https://news.example/a") == article_id("two", "l", "http://news.example/a")
    assert article_id("one", "k", "https://news.example/a") != article_id("one", "k", "https://news.example/b")


def test_without_an_address_it_is_of_feed_and_entry() -> None:
    assert len({article_id(feed, entry, None) for feed in ("one", "two") for entry in ("k", "l")}) == 4


def test_ids_are_stable_over_versions_of_the_worker() -> None:
    """The SHA-256 sums of "url\\nnews.example/a" and "entry\\none\\nk", worked out with sha256sum, cut to 32 digits."""
    assert article_id("one", "k", "https://news.example/a") == "a5a167c337c5dad270f5adecde17e0b9"
    assert article_id("one", "k", None) == "f2bdb5e74f60776cc93ea82a6559d8d2"


@pytest.mark.parametrize(
    ("url", "front"),
    [
        ("https://news.example", True),
        ("https://news.example/", True),
        ("https://news.example//", True),
        ("https://news.example/?p=7", False),
        ("https://news.example/a", False),
    ],
)
def test_an_address_without_path_and_query_is_a_front_page(url: str, front: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_front_page(url) == front


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({}, []),
        ({"headline": "Other"}, ["headline"]),
        ({"headline": None}, ["headline"]),
        ({"text": "Other.", "byline": None}, ["byline", "text"]),
        ({"section": None}, ["section"]),
        ({"tags": ("x",), "language": "fr", "url": "https://news.example/b", "guid": "x", "warnings": ("x",)}, []),
    ],
)
def test_headline_byline_section_and_text_make_a_revision_and_nothing_else(
    change: dict[str, object], changed: list[str]
) -> None:
    fields = field_hashes(replace(DRAFT, **change))  # type: ignore[arg-type]  # each fits its field
    identity = identify("new", fields, SEEN, taken=False)
    assert (list(identity.changed) if identity else []) == changed


def test_an_unseen_entry_is_published_under_its_own_id() -> None:
    assert identify("new", FIELDS, None, taken=False) == Identity(
        article_id="new", revision=1, change="published", changed=()
    )


def test_an_article_that_another_feed_publishes_is_not_published() -> None:
    assert identify("new", FIELDS, None, taken=True) is None


def test_a_revision_keeps_the_old_id_and_counts_on() -> None:
    fields = field_hashes(replace(DRAFT, headline="Other"))
    assert identify("new", fields, SEEN, taken=False) == Identity(
        article_id="old", revision=4, change="revised", changed=("headline",)
    )


def test_another_feeds_claim_does_not_stop_the_revisions_of_the_one_that_published() -> None:
    fields = field_hashes(replace(DRAFT, headline="Other"))
    assert identify("new", fields, SEEN, taken=True) is not None


def test_an_entry_that_was_rejected_before_is_published_when_it_is_good() -> None:
    rejected = replace(SEEN, revision=0, fields=())
    assert identify("new", FIELDS, rejected, taken=False) == Identity(
        article_id="new", revision=1, change="published", changed=()
    )
    assert identify("new", FIELDS, rejected, taken=True) is None


def test_an_article_left_to_another_feed_stays_there_when_it_changes() -> None:
    fields = field_hashes(replace(DRAFT, headline="Other"))
    assert identify("new", fields, replace(SEEN, revision=0), taken=False) is None


def test_revisions_end_at_the_limit() -> None:
    fields = field_hashes(replace(DRAFT, headline="Other"))
    last = identify("new", fields, replace(SEEN, revision=MAX_REVISIONS - 1), taken=False)
    assert last is not None
    assert last.revision == 25
    assert identify("new", fields, replace(SEEN, revision=MAX_REVISIONS), taken=False) is None
