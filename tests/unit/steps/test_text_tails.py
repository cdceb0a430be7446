# ruff: noqa: RUF001 - phrases and quotation marks of many languages
from __future__ import annotations

import pytest

from worker.model.entry import Content
from worker.steps.text import paragraphs

STORY = "The bridge is closed, the mayor said."


def last_of(tail: str, *, html: bool = True) -> tuple[str, ...]:
    """What is left of a story and a last paragraph."""
    text = f"<p>{STORY}</p><p>{tail}</p>" if html else f"{STORY}\n\n{tail}"
    return paragraphs(Content(value=text, html=html))


@pytest.mark.parametrize(
    "tail",
    [
        "The post <a href=a>Council: no bridge. iPhones, too!</a> appeared first on <a href=b>St. Paul News</a>.",
        "The post <a href=a>iPhone prices, which rose</a> first appeared on <a href=b>News</a>.",
        "L&#8217;article <a href=a>Le pont</a> est apparu en premier sur <a href=b>Le Quotidien</a>.",
        "La entrada <a href=a>El puente</a> se publicó primero en <a href=b>El Diario</a>.",
        "O post <a href=a>A ponte</a> apareceu primeiro em <a href=b>Diário</a>.",
        "L'articolo <a href=a>Il ponte</a> proviene da <a href=b>Il Giornale</a>.",
        "Het bericht <a href=a>De brug</a> verscheen eerst op <a href=b>De Krant</a>.",
        "Artykuł <a href=a>Most</a> pochodzi z serwisu <a href=b>Gazeta</a>.",
        "Сообщение <a href=a>Мост</a> появились сначала на <a href=b>Газета</a>.",
        "<a href=a>Köprü</a> yazısı ilk önce <a href=b>Gazete</a> üzerinde ortaya çıktı.",
        "投稿 <a href=a>橋</a> は <a href=b>新聞</a> に最初に表示されました。",
        "Continue reading Council closes the bridge &rarr;",
        "<a href=a>READ MORE &raquo;</a>",
        "<a href=a>Lire la suite</a>",
        "<a href=a>Leer más...</a>",
        "<a href=a>Читать далее</a>",
        "<a href=a>続きを読む</a>",
        "[&hellip;]",
        "(more&hellip;)",
        "<a href=a>14 Comments</a>",
        "<a href=a>Comments</a>",
        "<a href=a>Share</a> | <a href=b>Tweet</a> | <a href=c>Email</a>",
        "Click here to view the original article.",
        "Sign up for our daily newsletter.",
        "Follow us on Facebook and Instagram",
        "Photo: Jane Doe / News Pictures",
        "Image credit: Jane Doe",
        "3 posts - 2 participants",
        "* * *",
        "Read more</p><p>Photo: Jane Doe</p><p><a href=a>Comments</a></p><p>Advertisement",
        "<a href='http://feeds.feedburner.com/~ff/x'><img src=a></a> <a href=b><img src=c></a>",
    ],
)
def test_what_software_adds_to_a_story_is_dropped(tail: str) -> None:
    assert last_of(tail) == (STORY,)


@pytest.mark.parametrize(
    "tail",
    [
        "The post The Bridge Is Closed appeared first on The Daily News.",
        "The post 'No bridge' first appeared on The Daily News.",
        "Der Beitrag Brücke gesperrt erschien zuerst auf Tagblatt.",
        "Continue reading",
        "Read more at The Daily News.",
        "14 comments",
        "Read full topic",
    ],
)
def test_phrases_are_known_in_plain_text(tail: str) -> None:
    assert last_of(tail, html=False) == (STORY,)
    assert paragraphs(Content(value=f"{STORY} {tail}", html=False))[0].startswith(STORY)


@pytest.mark.parametrize(
    "end",
    [" Read more", " Continue reading →", " [...]", " […] (more...)", " Read more at The Daily News", " Read More »"],
)
def test_a_last_sentence_of_the_software_is_cut_off(end: str) -> None:
    assert paragraphs(Content(value=f"<p>One.</p><p>{STORY}{end}</p>", html=True)) == ("One.", STORY)


@pytest.mark.parametrize(
    "tail",
    [
        "The post, which first appeared on Instagram on Monday, was deleted.",
        "The post of mayor first appeared on the ballot in 1901.",
        "He asked them to read more.",
        "Nobody would say more.",
        "Comments were closed.",
        "Comments",
        "Email",
        "The museum",
        "<a href=a>The museum</a>",
        "<a href=a>Council closes the bridge</a>",
        "Twelve comments were made.",
        "Related: that word stood on every page.",
        "The photo: a bridge in the fog.",
        "Photo: the word stood above an empty frame that hung there for years, and nobody in town asked what it meant.",
        "She signed up for the newsletter.",
        "They will follow us on foot.",
        "We read [the] more […] of it.",
        "More.</p><p>That was all he said.",
    ],
)
def test_a_sentence_of_the_story_stays_also_when_it_is_the_last(tail: str) -> None:
    assert len(last_of(tail)) > 1
    assert " ".join(last_of(tail)).startswith(STORY)


def test_phrases_before_the_last_paragraph_stay() -> None:
    words = ("Read more", "Comments", "14 comments", "Follow us on Twitter", "Click here to vote", "[…]", STORY)
    assert paragraphs(Content(value="".join(f"<p>{word}</p>" for word in words), html=True)) == words


@pytest.mark.parametrize("inserted", ["Advertisement", "ANZEIGE", "Read more: <a href=a>The mayor resigns</a>"])
def test_insertions_are_dropped_wherever_they_stand(inserted: str) -> None:
    value = f"<p>{inserted}</p><p>One.</p><p>{inserted}</p><p>Two.</p>"
    assert paragraphs(Content(value=value, html=True)) == ("One.", "Two.")


def test_a_text_of_nothing_but_a_link_to_comments_is_empty() -> None:
    assert paragraphs(Content(value='<a href="https://news.example/item?id=7">Comments</a>', html=True)) == ()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (None, "He said: “She said ‘no’ twice.”"),
        ("en-GB", "He said: “She said ‘no’ twice.”"),
        ("tlh", "He said: “She said ‘no’ twice.”"),
        ("de", "He said: „She said ‚no‘ twice.“"),
        ("de_CH", "He said: «She said ‹no› twice.»"),
        ("fr-FR", "He said: «She said “no” twice.»"),
        ("pl", "He said: „She said «no» twice.”"),
        ("ja", "He said: 「She said 『no』 twice.」"),
        ("zh-Hant-TW", "He said: 「She said 『no』 twice.」"),
    ],
)
def test_quotations_have_the_marks_of_their_language(language: str | None, expected: str) -> None:
    value = "<p>He said: <q>She said <q>no</q> twice.</q></p>"
    assert paragraphs(Content(value=value, html=True, language=language)) == (expected,)


def test_a_quotation_may_be_in_a_language_of_its_own() -> None:
    value = '<p>He said: <q lang="de">Nein</q>, <q>no</q>.'
    assert paragraphs(Content(value=value, html=True, language="en")) == ("He said: „Nein“, “no”.",)


def test_a_quotation_that_never_ends_ends_with_its_paragraph() -> None:
    value = "<p>He said: <q>No.<br>Never.</p><p>She said: <q>Yes.</q></p>"
    expected = ("He said: “No.", "Never.”", "She said: “Yes.”")
    assert paragraphs(Content(value=value, html=True)) == expected
