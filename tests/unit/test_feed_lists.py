"""Lists of feeds beside the configuration, and what reading all of it again asks for."""

import time
import tracemalloc
from pathlib import Path

import pytest

from worker.config import Config, ConfigError, changes, load
from worker.config.location import default_id, location
from worker.model.feed import Feed


class Folder:
    """A configuration with its lists, in a directory of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str | bytes) -> str:
        (self.path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(self.path / name)

    def load(self, text: str, **environ: str) -> Config:
        return load(self.write("c.yaml", text), environ)

    def mistakes(self, text: str, **environ: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(text, **environ)
        return [line.replace(f"{self.path}/", "") for line in str(caught.value).split("\n")]

    def notes(self, config: Config) -> list[str]:
        return [str(note).replace(f"{self.path}/", "") for note in config.notes]

    def sources(self, config: Config) -> list[tuple[str, int]]:
        return [(Path(name).name, count) for name, count in config.sources]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def urls(config: Config) -> list[str]:
    return [feed.url for feed in config.feeds]


PLAIN = """\ufeff# ours
https://a.example/feed

  HTTPS://B.example:443/x#part \r
https://c.example/y?z=#1\t# with a comment
https://bob:hunter2@d.example/
"""
OPML = """\
<opml version="2.0"><body>
<outline text="Europe"><outline type="rss" text="A &amp; co" xmlUrl="https://o.example/1"/></outline>
<outline type="link" text="Page" url="https://o.example/"/>
<outline type="rss" text="https://o.example/2" xmlUrl="https://o.example/2"/>
</body></opml>
"""


def test_a_plain_list_is_a_url_on_each_line(folder: Folder) -> None:
    folder.write("feeds.txt", PLAIN)
    config = folder.load("feed_lists: feeds.txt\narticles: {content: page}\nschedule: {interval: 20m}")
    assert urls(config) == [
        "https://a.example/feed",
        "https://b.example/x",
        "https://c.example/y?z=",
        "https://bob:hunter2@d.example/",
    ]
    assert config.feeds[0] == Feed(
        id=default_id(location("https://a.example/feed")),
        url="https://a.example/feed",
        shard_key="a.example",
        interval_seconds=1200.0,
        min_interval_seconds=1200.0,
        max_interval_seconds=86_400.0,
        unvalidated_interval_seconds=1200.0,
        content="page",
        recheck_seconds=86_400.0,
    )
    assert (config.notes, folder.sources(config)) == ((), [("feeds.txt", 4)])
    assert config.files == (folder.path / "c.yaml", folder.path / "feeds.txt")
    assert "hunter2" not in repr(config) + repr(config.redacted())


@pytest.mark.parametrize("name", ["feeds.opml", "feeds.xml", "FEEDS.OPML"])
def test_an_opml_list_gives_urls_and_titles(folder: Folder, name: str) -> None:
    folder.write(name, OPML)
    config = folder.load(f"feed_lists: [{name}]")
    assert [(feed.url, feed.title) for feed in config.feeds] == [
        ("https://o.example/1", "A & co"),
        ("https://o.example/2", None),
    ]
    assert folder.notes(config) == [f'{name}:3: skipped "Page": it is a link, not a feed']


def test_a_yaml_list_says_of_a_feed_what_the_configuration_can(folder: Folder) -> None:
    secret = folder.write("token", "hunter2")
    folder.write(
        "more.yaml",
        f"feeds:\n- https://y.example/1\n- {{url: 'https://y.example/2', id: two, interval: 5m, "
        f"headers: {{X-Key: {{file: {secret}}}}}}}\n",
    )
    config = folder.load("feed_lists: [more.yaml]\nschedule: {interval: 1h}")
    assert [(feed.interval_seconds, feed.headers) for feed in config.feeds] == [
        (3600.0, ()),
        (300.0, (("X-Key", "hunter2"),)),
    ]
    assert config.feeds[1].id == "two"
    assert config.files == (folder.path / "c.yaml", folder.path / "more.yaml", Path(secret))


def test_lists_and_the_configuration_make_one_set_in_which_the_first_counts(folder: Folder) -> None:
    folder.write("one.txt", "https://a.example/\nhttps://b.example/\nhttps://b.example/#x\n")
    folder.write("two.yml", "feeds:\n- https://b.example/\n- {url: 'https://c.example/', id: c}\n")
    folder.write("three.opml", OPML)
    folder.write("four.txt", "https://bob:x@c.example/\nhttps://o.example/1\n")
    config = folder.load("""\
feeds:
- {url: 'https://a.example/', id: mine, interval: 5m}
feed_lists: [one.txt, two.yml, three.opml, four.txt]
""")
    assert [(feed.id, feed.url) for feed in config.feeds] == [
        ("mine", "https://a.example/"),
        (default_id(location("https://b.example/")), "https://b.example/"),
        ("c", "https://c.example/"),
        (default_id(location("https://o.example/1")), "https://o.example/1"),
        (default_id(location("https://o.example/2")), "https://o.example/2"),
    ]
    assert folder.sources(config) == [
        ("c.yaml", 1),
        ("one.txt", 1),
        ("two.yml", 1),
        ("three.opml", 2),
        ("four.txt", 0),
    ]
    assert folder.notes(config) == [
        "one.txt:1: is the same feed as that at c.yaml:2, which counts",
        "one.txt:3: is the same feed as that at one.txt:2, which counts",
        "two.yml:2: is the same feed as that at one.txt:2, which counts",
        'three.opml:3: skipped "Page": it is a link, not a feed',
        "four.txt:1: is the same feed as that at two.yml:3, which counts",
        "four.txt:2: is the same feed as that at three.opml:2, which counts",
        "four.txt: names no feed that is not known already",
    ]


def test_paths_start_where_the_configuration_is_and_may_come_from_the_environment(folder: Folder) -> None:
    (folder.path / "lists").mkdir()
    folder.write("lists/a.txt", "https://a.example/\n")
    absolute = folder.write("b.txt", "https://b.example/\n")
    assert urls(folder.load(f"feed_lists: [lists/a.txt, {absolute}]")) == ["https://a.example/", "https://b.example/"]
    assert urls(folder.load("name: x", DATELINE_FEED_LISTS="lists/a.txt, b.txt")) == [
        "https://a.example/",
        "https://b.example/",
    ]
    assert folder.mistakes("name: x", DATELINE_FEED_LISTS="c.txt") == [
        "environment: DATELINE_FEED_LISTS: c.txt: there is no such file; check the path"
    ]


def test_every_mistake_in_every_list_is_named_by_its_place_in_the_order_of_the_lists(folder: Folder) -> None:
    folder.write(
        "b.txt", "https://b.example/\n  ftp://hunter2@b.example/\nhttps://b.example/a b\nhttps://b.example:0/\n"
    )
    folder.write("a.yaml", "feeds:\n- {url: 'https://a.example/', intervall: 5m}\n- ftp://a.example/\nname: hunter2\n")
    folder.write("a.opml", '<opml><body>\n<outline text="A" xmlUrl="ftp://hunter2@a.example/"/>\n</body></opml>')
    assert folder.mistakes("feed_lists: [b.txt, a.yaml, a.opml, gone.txt]\nnamme: x\nfeeds: [5]\n") == [
        "c.yaml:1:37: feed_lists[3]: gone.txt: there is no such file; check the path",
        'c.yaml:2:1: unknown key "namme"; did you mean "name"?',
        "c.yaml:3:9: feeds[0]: must be a URL",
        "b.txt:2:3: must begin with http:// or https://",
        "b.txt:3:1: must be a URL without blanks, control characters and backslashes; write a blank as %20",
        "b.txt:4:1: the port must be between 1 and 65535",
        'a.yaml:2:31: feeds[0]: unknown key "intervall"; did you mean "interval"?',
        "a.yaml:3:3: feeds[1]: must begin with http:// or https://",
        'a.yaml:4:1: unknown key "name"; the one key here is feeds',
        'a.opml:2: skipped "A": xmlUrl: must begin with http:// or https://',
    ]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        (
            "a.txt",
            b"https://a.example/\nhttps://a.example/\xff",
            "a.txt:2:19: is not UTF-8 from here on; save the file",
        ),
        ("a.yaml", b"feeds: [\n", "a.yaml:2:1: not valid YAML: "),
        ("a.yaml", b"", "a.yaml: is empty; write at least "),
        ("a.yaml", b"\xff", "a.yaml:1:1: is not UTF-8 from here on; save the file as UTF-8"),
        ("a.yaml", b"- https://a.example/\n", "a.yaml:1:1: must hold keys and values, not a list or a single value; "),
        ("a.yaml", b"feeds: x", "a.yaml:1:8: feeds: must be a list of feeds"),
        ("a.yaml", b"feed: [x]", 'a.yaml:1:1: unknown key "feed"; did you mean "feeds"?'),
        ("a.opml", b"", "a.opml: is empty"),
        ("a.opml", b"<html><body/></html>", "a.opml: is not OPML; give a list of feeds that a feed reader exported"),
        (
            "a.opml",
            OPML.encode()[:-20],
            "a.opml: is not well-formed XML on line 4 (",
        ),
        ("a.json", b"[]", "c.yaml:1:14: feed_lists[0]: a.json: is of no kind that is known here; its name must end in"),
        ("a.txt/", b"", "c.yaml:1:14: feed_lists[0]: a.txt: is a directory; name the file in it"),
    ],
)
def test_a_list_that_cannot_be_used_stops_the_worker_and_not_only_its_feeds(
    folder: Folder, name: str, content: bytes, line: str
) -> None:
    if name.endswith("/"):
        (folder.path / name).mkdir()
    else:
        folder.write(name, content)
    [said] = folder.mistakes(f"feed_lists: [{name.removesuffix('/')}]\nfeeds: ['https://x.example/']")
    assert said.startswith(line)


def test_lists_that_name_nothing_are_no_feeds(folder: Folder) -> None:
    folder.write("a.txt", "# nothing yet\n")
    assert folder.mistakes("feed_lists: [a.txt]") == [
        "c.yaml:1:13: feed_lists: at least one feed is needed, and these lists name none"
    ]
    config = folder.load("feed_lists: [a.txt]\nfeeds: ['https://x.example/']")
    assert folder.notes(config) == ["a.txt: names no feed that is not known already"]


@pytest.mark.parametrize("written", ["5", "{a: b}", "['']"])
def test_feed_lists_is_a_list_of_paths(folder: Folder, written: str) -> None:
    [line] = folder.mistakes(f"feed_lists: {written}")
    assert line.startswith(f"c.yaml:1:{14 if written[0] == '[' else 13}: feed_lists")


def test_an_id_that_is_taken_is_a_mistake_only_where_it_was_given(folder: Folder) -> None:
    taken = default_id(location("https://b.example/"))
    folder.write("a.txt", "https://b.example/\n")
    folder.write("a.yaml", f"feeds:\n- https://b.example/?c\n- {{url: 'https://d.example/', id: {taken}}}\n")
    assert folder.mistakes(f"feeds: [{{url: 'https://a.example/', id: {taken}}}]\nfeed_lists: [a.txt, a.yaml]") == [
        "a.yaml:3:35: feeds[1].id: is the same id as that of the feed at c.yaml:1; give this feed an id of its own"
    ]
    config = folder.load(f"feeds: [{{url: 'https://a.example/', id: {taken}}}]\nfeed_lists: [a.txt]")
    [_, second] = config.feeds
    # sha256sum of https://b.example/, sixteen digits of it.
    assert second.id == default_id(location("https://b.example/"), digits=16)
    assert second.id.startswith(taken)
    assert len(second.id) == len(taken) + 8


def test_two_urls_with_the_same_default_id_are_told_apart(folder: Folder) -> None:
    """The first eight digits of `sha256sum` are 6bcabb2d for both."""
    folder.write("a.txt", "https://a.example/feed?id=43332\nhttps://a.example/feed?id=86690\n")
    first, second = folder.load("feed_lists: [a.txt]").feeds
    assert first.id == "a-example-feed-6bcabb2d"
    assert second.id.startswith("a-example-feed-6bcabb2d")
    assert len(second.id) == len("a-example-feed-") + 16
    folder.write("a.yaml", "feeds: ['https://a.example/feed?id=86690']")
    config = folder.load("feeds: ['https://a.example/feed?id=43332']\nfeed_lists: [a.yaml]")
    assert [feed.id for feed in config.feeds] == [first.id, second.id]


def test_a_long_list_costs_microseconds_and_some_hundred_bytes_a_feed(folder: Folder) -> None:
    number = 10_000
    folder.write("a.txt", "".join(f"https://news{n}.example.org/section/{n}/feed.xml\n" for n in range(number)))
    folder.load("feeds: ['https://x.example/']")  # the list of public suffixes is read once
    began = time.process_time()
    folder.load("feed_lists: [a.txt]")
    seconds = time.process_time() - began
    tracemalloc.start()
    try:
        config = folder.load("feed_lists: [a.txt]")
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(config.feeds) == number
    assert seconds / number < 250e-6
    assert kept_bytes / number < 800


def test_of_very_many_mistakes_and_notes_the_first_hundred_are_shown(folder: Folder) -> None:
    folder.write("a.txt", "ftp://a.example/\n" * 1000)
    lines = folder.mistakes("feed_lists: [a.txt]")
    assert len(lines) == 101
    assert "a.txt: 900 more mistakes are not shown" in lines
    folder.write("a.txt", "https://a.example/\n" * 1000)
    config = folder.load("feed_lists: [a.txt]")
    assert len(config.notes) == 101
    assert folder.notes(config)[-1] == "a.txt: 899 more notes are not shown"


def test_changes_are_told_by_id(folder: Folder) -> None:
    before = folder.load("""\
feeds:
- {url: 'https://a.example/', id: a}
- {url: 'https://b.example/', id: b, headers: {X-Key: one}}
- {url: 'https://c.example/', id: c}
- {url: 'https://d.example/', id: d}
""")
    after = folder.load("""\
feeds:
- {url: 'https://e.example/', id: e}
- {url: 'https://d.example/', id: d}
- {url: 'https://b.example/', id: b, headers: {X-Key: two}}
- {url: 'https://a.example/moved', id: a}
""")
    found = changes(before, after)
    assert [feed.id for feed in found.added] == ["e"]
    assert [feed.id for feed in found.removed] == ["c"]
    assert [(feed.id, feed.url) for feed in found.changed] == [
        ("b", "https://b.example/"),
        ("a", "https://a.example/moved"),
    ]
    assert found.restart == ()


def test_what_goes_for_all_feeds_changes_all_feeds_and_other_sections_take_a_restart(folder: Folder) -> None:
    password = folder.write("password", "one")
    text = (
        "feeds: [https://a.example/]\nkafka: {bootstrap_servers: 'a:1', security: {protocol: SASL_SSL, "
        f"mechanism: PLAIN, username: bob, password_file: {password}}}}}\n"
    )
    before = folder.load(text)
    assert before.files == (folder.path / "c.yaml", Path(password))
    folder.write("password", "two")
    after = folder.load(f"{text}schedule: {{interval: 5m}}\nfetch: {{host_gap: 2s}}\ndrain_timeout: 5s\n")
    found = changes(before, after)
    assert (found.added, found.removed) == ((), ())
    assert [feed.interval_seconds for feed in found.changed] == [300.0]
    assert found.restart == ("kafka", "fetch", "drain_timeout")


def test_the_same_configuration_read_twice_changes_nothing(folder: Folder) -> None:
    folder.write("a.txt", PLAIN)
    text = "feed_lists: [a.txt]\nfetch: {allow_networks: [10.0.0.0/8], proxy: 'http://p.example:1'}"
    found = changes(folder.load(text), folder.load(text))
    assert (found.added, found.removed, found.changed, found.restart) == ((), (), (), ())
