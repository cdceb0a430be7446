from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.hang import must_end
from worker.model.article import Draft, Instant
from worker.model.entry import Document, Entry, Media
from worker.steps.normalise import normalise

NOW = Instant(at=datetime(2025, 5, 24, tzinfo=UTC), origin="published", surface="2025-05-24T00:00:00Z")


def draft(entry: Entry, document: Document | None = None, *, blocks: tuple[str, ...] = ()) -> Draft:
    return normalise(
        entry,
        document or Document(format="rss"),
        headline="Headline",
        blocks=blocks,
        url="https://news.example/a?utm_source=rss",
        canonical_url="https://news.example/a",
        media=(Media(url="https://news.example/a.jpg"),),
        published_at=NOW,
        updated_at=None,
        warnings=("published: odd",),
    )


def test_what_the_other_steps_made_is_put_together_unchanged() -> None:
    made = draft(Entry(guid="g"), Document(format="rss", warnings=("document: odd",)))
    assert made.guid == "g"
    assert made.headline == "Headline"
    assert made.url == "https://news.example/a?utm_source=rss"
    assert made.canonical_url == "https://news.example/a"
    assert made.media == (Media(url="https://news.example/a.jpg"),)
    assert (made.published_at, made.updated_at) == (NOW, None)
    assert made.warnings == ("document: odd", "published: odd")


def test_blocks_are_joined_by_a_blank_line() -> None:
    assert draft(Entry(guid=None), blocks=("One.", "Two.")).text == "One.\n\nTwo."
    assert draft(Entry(guid=None)).text == ""


@pytest.mark.parametrize(
    ("authors", "byline"),
    [
        ((), None),
        (("Jane Doe",), "Jane Doe"),
        (("Jane Doe", "Joe Roe"), "Jane Doe, Joe Roe"),
        (("Jane Doe, Reuters",), "Jane Doe, Reuters"),
        (("JANE DOE",), "JANE DOE"),
        (("Jane Doe and Joe Roe",), "Jane Doe and Joe Roe"),
        (("Jane Doe (AP)",), "Jane Doe (AP)"),
        (('Charlie "atrox" Collins',), 'Charlie "atrox" Collins'),
        (("O\u2019Brien-Smith, J. Jr.",), "O\u2019Brien-Smith, J. Jr."),
        (("Mar\u00eda & Jos\u00e9",), "Mar\u00eda & Jos\u00e9"),
        (("Newsroom",), "Newsroom"),
        (("  ", ""), None),
    ],
)
def test_a_byline_is_the_authors_names_as_written(authors: tuple[str, ...], byline: str | None) -> None:
    assert draft(Entry(guid=None, authors=authors)).byline == byline


@pytest.mark.parametrize(
    ("author", "byline"),
    [
        ("jane@news.example (Jane Doe)", "Jane Doe"),
        ("jane@news.example(Jane Doe)", "Jane Doe"),
        ("jane@news.example (Jane Doe (AP))", "Jane Doe (AP)"),
        ("noreply@blogger.com (Jane Doe)", "Jane Doe"),
        ("jane@a.example (Jane Doe), joe@a.example (Joe Roe)", "Jane Doe, Joe Roe"),
        ("Jane Doe <jane@news.example>", "Jane Doe"),
        ("Jane Doe &lt;jane@news.example&gt;", "Jane Doe"),
        ('"Jane Doe" <jane@news.example>', "Jane Doe"),
        ("Jane Doe (jane@news.example)", "Jane Doe"),
        ("Jane Doe (noreply@blogger.com)", "Jane Doe"),
        ("Jane Doe (mailto:jane@news.example)", "Jane Doe"),
        ("Jane Doe [jane@news.example]", "Jane Doe"),
        ("Jane Doe, jane@news.example", "Jane Doe"),
        ("Jane Doe (@jane)", "Jane Doe"),
        ("Jane Doe @jane", "Jane Doe"),
        ("Jane Doe (https://news.example/jane)", "Jane Doe"),
        ("https://news.example/jane (Jane Doe)", "Jane Doe"),
    ],
)
def test_an_address_beside_a_name_is_no_part_of_the_byline(author: str, byline: str) -> None:
    assert draft(Entry(guid=None, authors=(author,))).byline == byline


@pytest.mark.parametrize(
    ("authors", "byline"),
    [
        (("jane@news.example",), "jane@news.example"),
        (("<jane@news.example>",), "jane@news.example"),
        (("mailto:jane@news.example?subject=feed",), "jane@news.example"),
        (("@jane",), "@jane"),
        (("jane@news.example", "Joe Roe"), "Joe Roe"),
        (("noreply@blogger.com",), None),
        (("no-reply@news.example", "webmaster@news.example"), None),
        (("noreply@blogger.com (Unknown)",), None),
        (("admin",), None),
        (("By admin",), None),
        (("admin", "Jane Doe"), "Jane Doe"),
        (("https://news.example/jane",), None),
        (("null",), None),
        (("-",), None),
    ],
)
def test_without_a_name_a_person_s_address_stands_in_and_a_machine_s_does_not(
    authors: tuple[str, ...], byline: str | None
) -> None:
    assert draft(Entry(guid=None, authors=authors)).byline == byline


@pytest.mark.parametrize(
    ("author", "byline"),
    [
        ("By Jane Doe", "Jane Doe"),
        ("BY  JANE\n DOE", "JANE DOE"),
        ("by: bell hooks", "bell hooks"),
        ("Written by Jane Doe", "Jane Doe"),
        ("Author: Jane Doe", "Jane Doe"),
        ("Von Jane Doe", "Jane Doe"),
        ("von Jane Doe und Joe Roe", "Jane Doe und Joe Roe"),
        ("Par Anne Dupont", "Anne Dupont"),
        ("Por María García", "María García"),
        ("Di Mario Rossi", "Mario Rossi"),
        ("Door Jan Jansen", "Jan Jansen"),
        ("\u041e\u0442 Иван Иванов", "Иван Иванов"),
        ("Byron Bay", "Byron Bay"),
        ("By", "By"),
        ("Von Neumann", "Von Neumann"),
        ("Von Trapp, Maria", "Von Trapp, Maria"),
        ("Ursula von der Leyen", "Ursula von der Leyen"),
        ("von der Leyen", "von der Leyen"),
        ("Di Maria", "Di Maria"),
    ],
)
def test_by_is_stripped_where_a_name_follows(author: str, byline: str) -> None:
    assert draft(Entry(guid=None, authors=(author,))).byline == byline


@pytest.mark.parametrize(
    ("authors", "byline"),
    [
        (("Jane Doe", "By Jane Doe", " Jane  Doe "), "Jane Doe"),
        (("JANE DOE", "Jane Doe"), "JANE DOE"),
        (("Jane Doe", "jane@news.example (Jane Doe)"), "Jane Doe"),
        (("Jane Doe, Joe Roe", "Jane Doe", "Joe Roe"), "Jane Doe, Joe Roe"),
    ],
)
def test_each_author_is_named_once(authors: tuple[str, ...], byline: str) -> None:
    assert draft(Entry(guid=None, authors=authors)).byline == byline


@pytest.mark.parametrize(
    ("author", "byline"),
    [
        ("<p>Jane Doe</p>", "Jane Doe"),
        ("&lt;b&gt;Jane Doe&lt;/b&gt;", "Jane Doe"),
        (
            '<a href="https://a.example/j">Jane Doe</a> (University), <a href="#">Joe Roe</a>',
            "Jane Doe (University), Joe Roe",
        ),
        ("Lo&amp;#239;c Le Meur", "Loïc Le Meur"),
        ("Jane Doe,&nbsp;Joe Roe", "Jane Doe, Joe Roe"),
        ("Jane\x00 Doe\u200b", "Jane Doe\u200b"),
    ],
)
def test_markup_and_entities_are_no_part_of_a_name(author: str, byline: str) -> None:
    assert draft(Entry(guid=None, authors=(author,))).byline == byline


@pytest.mark.parametrize(
    "author",
    [
        "@" * 50_000,
        "a@" * 25_000,
        "a@b " + "(" * 50_000,
        "a@b" + " " * 50_000,
        "a " * 25_000,
        "(a" * 25_000,
        "(a@" * 15_000,
        "a@b (" * 990,
        "<" * 5_000,
        "<a " * 1_600,
        "@" * 5_000,
        "a@" * 2_500,
        "a@b (" + "()" * 2_400,
        "Jane, " * 800,
    ],
)
def test_a_hostile_author_takes_no_time(author: str) -> None:
    with must_end():
        draft(Entry(guid=None, authors=(author,)))


@pytest.mark.parametrize(
    ("given", "tags", "section"),
    [
        ((), (), None),
        (("World",), ("World",), "World"),
        ((" Middle\n East ",), ("Middle East",), "Middle East"),
        (("World", "War"), ("World", "War"), None),
        (("Middle East", "Middle  East"), ("Middle East",), "Middle East"),
        (("World", "world", " ", ""), ("World",), "World"),
        (("Arts &amp; Life", "<b>War</b>"), ("Arts & Life", "War"), None),
    ],
)
def test_a_single_tag_is_the_section(given: tuple[str, ...], tags: tuple[str, ...], section: str | None) -> None:
    made = draft(Entry(guid=None, tags=given))
    assert (made.tags, made.section) == (tags, section)


@pytest.mark.parametrize(
    ("declared", "language"),
    [
        ("en", "en"),
        ("EN-us", "en-US"),
        ("pt_BR", "pt-BR"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("gsw", "gsw"),
        ("English", "en"),
        ("english (United States)", "en"),
        ("Deutsch", "de"),
        ("Français", "fr"),
        ("Русский", "ru"),
        ("eng", "en"),
        ("deu", "de"),
        ("ger-AT", "de-AT"),
        ("fra_CA", "fr-CA"),
        ("iw", "he"),
        ("in-ID", "id-ID"),
        ("no", "no"),
        ("nb-NO", "nb-NO"),
        ("jp", "ja"),
        ("cn", "zh"),
        ("kr", "kr"),  # Kanuri, not Korea
        ("en-UK", "en-GB"),
        ("en us", "en-US"),
        ("en_US.UTF-8", "en-US"),
        (" en-gb\n", "en-GB"),
        ("e", None),
        ("xx", None),
        ("us-en", None),
        ("und", None),
        ("mul", None),
        ("en, fr", None),
        ("Klingon spoken here", None),
        ("en-", None),
        ("", None),
        ("x-klingon", None),
        (None, None),
    ],
)
def test_a_language_is_a_bcp_47_tag_in_its_usual_case_or_none(declared: str | None, language: str | None) -> None:
    assert draft(Entry(guid=None, language=declared)).language == language


def test_an_entry_without_a_usable_language_has_the_feeds() -> None:
    document = Document(format="rss", language="fr-fr")
    assert draft(Entry(guid=None), document).language == "fr-FR"
    assert draft(Entry(guid=None, language="n/a"), document).language == "fr-FR"
    assert draft(Entry(guid=None, language="de"), document).language == "de"
