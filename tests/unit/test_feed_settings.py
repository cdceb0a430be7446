"""What the configuration says of the web: intervals, proxies, certificates, hubs, and the headers of a feed."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given, settings as limits, strategies as st

from worker.config import Config, ConfigError, Proxy, loads
from worker.model.feed import Feed

HOUR, DAY = 3600.0, 86_400.0
SET_MAX = "set this feed's max_interval too"


def config(text: str, **environ: str) -> Config:
    return loads(text, "c.yaml", environ)


def one_feed(schedule: str, own: str) -> Feed:
    [feed] = config(f"schedule: {{{schedule}}}\nfeeds: [{{url: 'https://example.org/'{own and ', '}{own}}}]").feeds
    return feed


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config(text)
    return str(caught.value).split("\n")


@pytest.mark.parametrize(
    ("schedule", "own", "interval", "least", "most", "unvalidated"),
    [
        ("", "", None, HOUR, DAY, DAY),
        ("interval: auto", "", None, HOUR, DAY, DAY),
        # What is said of the interval outweighs our own bounds, and is meant for servers without validators as well.
        ("interval: 15m", "", 900.0, 900.0, DAY, 900.0),
        ("interval: 2h", "", 7200.0, HOUR, DAY, HOUR),
        ("interval: 15m, min_interval: 1m", "", 900.0, 60.0, DAY, 60.0),
        ("min_interval: 5m", "", None, 300.0, DAY, 300.0),
        ("max_interval: 12h", "", None, HOUR, DAY / 2, DAY / 2),
        ("max_interval: 30m", "", None, 1800.0, 1800.0, 1800.0),
        ("unvalidated_interval: 6h", "", None, HOUR, DAY, 6 * HOUR),
        ("interval: 15m, unvalidated_interval: 6h", "", 900.0, 900.0, DAY, 6 * HOUR),
        # A feed outweighs the schedule.
        ("", "interval: 5m", 300.0, 300.0, DAY, 300.0),
        ("", "interval: 5m, min_interval: 1m", 300.0, 60.0, DAY, 60.0),
        ("", "interval: 5m, unvalidated_interval: 10m", 300.0, 300.0, DAY, 600.0),
        ("", "min_interval: 2h", None, 7200.0, DAY, 7200.0),
        ("", "max_interval: 2h", None, HOUR, 7200.0, 7200.0),
        ("", "unvalidated_interval: 2h", None, HOUR, DAY, 7200.0),
        ("interval: 15m", "interval: auto", None, HOUR, DAY, DAY),
        ("interval: 15m", "interval: 10m", 600.0, 600.0, DAY, 600.0),
        ("interval: 15m", "unvalidated_interval: 1h", 900.0, 900.0, DAY, HOUR),
        ("unvalidated_interval: 6h", "interval: 5m", 300.0, 300.0, DAY, 300.0),
        ("unvalidated_interval: 6h", "min_interval: 7h", None, 7 * HOUR, DAY, 7 * HOUR),
        ("unvalidated_interval: 6h", "max_interval: 3h", None, HOUR, 3 * HOUR, 3 * HOUR),
        ("min_interval: 1m", "interval: 5m", 300.0, 60.0, DAY, 60.0),
    ],
)
def test_intervals_follow_what_is_said_of_them(
    schedule: str, own: str, *, interval: float | None, least: float, most: float, unvalidated: float
) -> None:
    feed = one_feed(schedule, own)
    assert (feed.interval_seconds, feed.min_interval_seconds, feed.max_interval_seconds) == (interval, least, most)
    assert feed.unvalidated_interval_seconds == unvalidated


durations = st.sampled_from(["auto", "30s", "10m", "1h", "3h", "1d", "2d"])
schedules = st.dictionaries(
    st.sampled_from(["interval", "min_interval", "max_interval", "unvalidated_interval"]), durations
)


@limits(deadline=None)
@given(schedule=schedules, own=schedules)
def test_whatever_is_said_of_intervals_makes_a_feed_or_a_mistake_of_ours(
    schedule: dict[str, str], own: dict[str, str]
) -> None:
    text = json.dumps({"schedule": schedule, "feeds": [{"url": "https://example.org/", **own}]})
    said = ""
    found: tuple[Feed, ...] = ()
    try:
        found = config(text).feeds
    except ConfigError as error:
        said = str(error)
    assert "cannot be used" not in said
    assert len(found) == (not said)
    for feed in found:
        assert feed.min_interval_seconds <= feed.unvalidated_interval_seconds <= feed.max_interval_seconds


def test_the_environment_gives_intervals_as_the_file_does() -> None:
    [feed] = config("feeds: ['https://example.org/']", DATELINE_SCHEDULE__INTERVAL="10m").feeds
    assert (feed.interval_seconds, feed.min_interval_seconds) == (600.0, 600.0)
    [feed] = config(
        "feeds: ['https://example.org/']\nschedule: {interval: 10m}",
        DATELINE_SCHEDULE__INTERVAL="auto",
        DATELINE_SCHEDULE__GIVE_UP_AFTER="3",
    ).feeds
    assert (feed.interval_seconds, feed.min_interval_seconds, feed.give_up_after) == (None, 3600.0, 3)


def test_a_feed_cannot_wait_longer_for_validators_than_for_anything() -> None:
    assert mistakes("feeds: [{url: 'https://example.org/', unvalidated_interval: 2d}]") == [
        f"c.yaml:1:61: feeds[0].unvalidated_interval: 2d is above schedule.max_interval (1d); {SET_MAX}"
    ]


FEED = "feeds: ['https://example.org/']\n"


def test_a_proxy_is_a_url_whose_credentials_are_not_shown() -> None:
    found = config(f"{FEED}fetch: {{proxy: 'http://bob:hunter2@Proxy.example:3128/', proxy_from_environment: false}}")
    assert found.fetch.proxy == Proxy(url="http://bob:hunter2@proxy.example:3128")
    assert found.fetch.proxy_from_environment is False
    assert "hunter2" not in repr(found) + repr(found.redacted())
    given = config(FEED, DATELINE_FETCH__PROXY="http://[::1]:8080").fetch.proxy
    assert given == Proxy(url="http://[::1]:8080")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "fetch: {proxy: 'hunter2:3128'}",
            "2:16: fetch.proxy: must begin with http://; https:// URLs are asked for through it as well",
        ),
        (
            "fetch: {proxy: 'http://proxy.example/hunter2'}",
            "2:16: fetch.proxy: must end with the host or port; a user name and password may stand before the host",
        ),
        (
            "fetch: {proxy: 'http://proxy.example?hunter2'}",
            "2:16: fetch.proxy: must end with the host or port; a user name and password may stand before the host",
        ),
        ("fetch: {proxy_from_environment: 1}", "2:33: fetch.proxy_from_environment: must be true or false"),
        ("fetch: {idle_timeout: 40s}", "2:23: fetch.idle_timeout: 40s is above timeout (30s)"),
        ("fetch: {children: -1}", "2:19: fetch.children: must be at least 0"),
        (
            "fetch: {ca_file: none.pem}",
            "2:18: fetch.ca_file: the file cannot be read: no such file or directory",
        ),
        ("websub: {callback_url: news.example.org}", "2:24: websub.callback_url: must begin with http:// or https://"),
        (
            "websub: {callback_url: 'https://news.example.org/?a'}",
            "2:24: websub.callback_url: must have no query; what comes after its path is added by the worker",
        ),
        (
            "websub: {callback_url: 'https://hunter2@news.example.org/'}",
            "2:24: websub.callback_url: must have no user name and password; hubs would see them",
        ),
        ("websub: {lease: 0}", "2:17: websub.lease: must be more than 0 and at most 366 days"),
    ],
)
def test_a_mistake_about_the_web_is_one_line_without_secrets(text: str, line: str) -> None:
    assert mistakes(FEED + text) == [f"c.yaml:{line}"]


def test_certificates_are_files_and_a_key_needs_one(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("-----BEGIN", encoding="utf-8")
    fetch = config(f"{FEED}fetch: {{ca_file: {pem}, client_cert: {pem}, client_key: {pem}}}").fetch
    assert (fetch.ca_file, fetch.client_cert, fetch.client_key) == (pem, pem, pem)
    assert mistakes(f"{FEED}fetch: {{client_key: {pem}}}") == [
        "c.yaml:2:21: fetch.client_key: needs client_cert as well"
    ]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://News.example.org", "https://news.example.org"),
        ("https://news.example.org:443/", "https://news.example.org"),
        ("http://news.example.org:8080/dateline//", "http://news.example.org:8080/dateline"),
    ],
)
def test_a_callback_url_has_no_slash_at_its_end(written: str, url: str) -> None:
    assert config(f"{FEED}websub: {{callback_url: '{written}', lease: 1d}}").websub.callback_url == url


def test_parsing_is_bounded_as_configured() -> None:
    fetch = config(f"{FEED}fetch: {{children: 2, parse_deadline: 500ms, parse_memory: 1GiB, idle_timeout: 5s}}").fetch
    assert (fetch.children, fetch.parse_deadline_seconds, fetch.parse_memory_bytes) == (2, 0.5, 1_073_741_824)
    assert fetch.idle_timeout_seconds == 5.0


def test_headers_are_text_or_come_from_files_and_are_never_shown(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("Bearer hunter2\n", encoding="utf-8")
    text = (
        f"feeds: [{{url: 'https://example.org/', headers: {{Authorization: {{file: {token}}}, X-Key: 'hunter2 a'}}}}]"
    )
    found = config(text)
    assert found.feeds[0].headers == (("Authorization", "Bearer hunter2"), ("X-Key", "hunter2 a"))
    assert "hunter2" not in repr(found) + repr(found.feeds) + repr(found.redacted())
    assert found.redacted()["feeds"][0]["headers"] == {"Authorization": "***", "X-Key": "***"}
    assert found.files == (Path("c.yaml"), token)


def test_a_login_becomes_a_header(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("p:ä\n", encoding="utf-8")
    found = config(
        "feeds:\n"
        "- {url: 'https://example.org/1', headers: {X-Key: a}, auth: {username: bob, password: 'hunter2'}}\n"
        f"- {{url: 'https://example.org/2', auth: {{username: bob, password_file: {password}}}}}"
    )
    # RFC 7617, 2: user-id ":" password, in base64.
    assert found.feeds[0].headers == (("X-Key", "a"), ("Authorization", "Basic Ym9iOmh1bnRlcjI="))
    [(_, value)] = found.feeds[1].headers
    assert b64decode(value.removeprefix("Basic ")).decode() == "bob:p:ä"
    assert found.files == (Path("c.yaml"), password)


def test_a_feed_without_headers_has_none() -> None:
    [feed] = config("feeds: [{url: 'https://example.org/', headers: , auth: }]").feeds
    assert feed.headers == ()


NAME = "is no name of a header: letters, digits and dashes"
VALUE = "must be visible ASCII characters, blanks only within"
OURS = "the worker sets this header itself; remove it"
FORM = "must be text in quotes, or {file: PATH}"


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ("headers: [a]", "1:48: feeds[0].headers: must be a section of keys and values"),
        ("headers: {'a b': c}", f"1:49: feeds[0].headers: {NAME}"),
        ("headers: {'': c}", f"1:49: feeds[0].headers: {NAME}"),
        ("headers: {X-Ä: c}", f"1:49: feeds[0].headers: {NAME}"),
        ("headers: {host: c}", f"1:49: feeds[0].headers: {OURS}"),
        ("headers: {Content-Length: '5'}", f"1:49: feeds[0].headers: {OURS}"),
        ("headers: {connection: close}", f"1:49: feeds[0].headers: {OURS}"),
        ("headers: {Transfer-Encoding: chunked}", f"1:49: feeds[0].headers: {OURS}"),
        ("headers: {Accept-Encoding: br}", f"1:49: feeds[0].headers: {OURS}"),
        ("headers: {If-None-Match: x}", f"1:49: feeds[0].headers: {OURS}"),
        ("headers: {a: b, X: ''}", f"1:55: feeds[0].headers: {VALUE}"),
        ('headers: {X: "a\\r\\nHost: b"}', f"1:49: feeds[0].headers: {VALUE}"),
        ("headers: {X: ä}", f"1:49: feeds[0].headers: {VALUE}"),
        ("headers: {X: 5}", f"1:49: feeds[0].headers: {FORM}"),
        ("headers: {hunter2}", f"1:49: feeds[0].headers: {FORM}"),
        ("headers: {X: {file: a, fil: b}}", f"1:49: feeds[0].headers: {FORM}"),
        ("headers: {X: {env: HOME}}", f"1:49: feeds[0].headers: {FORM}"),
        (
            "headers: {X: {file: nowhere}}",
            "1:49: feeds[0].headers: the file cannot be read: no such file or directory",
        ),
        (
            "headers: {x-key: a, X-Key: b}",
            "1:48: feeds[0].headers: names one header twice; capitals make no difference",
        ),
        ("auth: bob", "1:45: feeds[0].auth: must be a section of keys and values"),
        ("auth: {}", "1:45: feeds[0].auth.username: is missing; write the name to log in with"),
        ("auth: {username: bob}", "1:45: feeds[0].auth.password: is needed; write password_file, or password"),
        (
            "auth: {username: 'b:ob', password: x}",
            "1:56: feeds[0].auth.username: must have no colon and no control characters",
        ),
        (
            "auth: {username: bob, password: hunter2, password_file: /dev/null}",
            "1:95: feeds[0].auth.password_file: the file is empty",
        ),
        ("auth: {username: bob, pasword: x}", '1:61: feeds[0].auth: unknown key "pasword"; did you mean "password"?'),
        (
            "headers: {authorization: x}, auth: {username: bob, password: x}",
            "1:74: feeds[0].auth: headers has Authorization as well; keep one",
        ),
    ],
)
def test_a_mistake_in_what_a_feed_sends_is_named_by_its_place(own: str, line: str) -> None:
    lines = mistakes(f"feeds: [{{url: 'https://example.org/', {own}}}]")
    assert f"c.yaml:{line}" in lines
    assert "hunter2" not in "".join(lines)


def test_a_feed_has_one_login_at_most() -> None:
    assert mistakes("""\
feeds:
- {url: 'https://bob:hunter2@example.org/1', auth: {username: bob, password: x}}
- {url: 'https://bob:hunter2@example.org/2', headers: {AUTHORIZATION: x}}
""") == [
        "c.yaml:2:52: feeds[0].auth: the URL holds a user name and password as well; keep one",
        "c.yaml:3:55: feeds[1].headers: has Authorization, and the URL a user name and password; keep one",
    ]


@pytest.mark.parametrize("content", [b"a\nb", b"", b"\xff", b" a"])
def test_a_file_that_makes_no_header_is_a_mistake(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "f"
    file.write_bytes(content)
    [line] = mistakes(f"feeds: [{{url: 'https://example.org/', headers: {{X: {{file: {file}}}}}}}]")
    assert line.startswith("c.yaml:1:49: feeds[0].headers: the file ")
