"""What benchmarks print of their samples, and what they are compared with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import report
from tests.benchmarks.measuring import Goal, Line, Sample, Spread, apart, compare
from tests.benchmarks.newspaper import newest_first, rss
from tests.benchmarks.newsstand import document

if TYPE_CHECKING:
    from pathlib import Path


def samples(*cpu_seconds: float, wall_seconds: float = 1.0) -> tuple[Sample, ...]:
    return tuple(Sample(cpu_seconds=seconds, wall_seconds=wall_seconds) for seconds in cpu_seconds)


def line(*ours: float, goal: Goal | None = None, wall_seconds: float = 1.0) -> Line:
    return Line(
        name="a poll",
        unit="poll",
        ours=samples(*ours, wall_seconds=wall_seconds),
        baselines={"theirs": samples(2.0, 4.0, 8.0)},
        goals=(goal,) if goal else (),
    )


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "_RESULTS", tmp_path)
    return tmp_path


def test_a_ratio_is_that_of_each_round():
    # 1/2, 3/4 and 2/8.
    assert report.ratio(line(1.0, 3.0, 2.0), "theirs", "cpu") == Spread(0.25, 0.5, 0.75)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal(baseline="theirs", at_most=0.5), True),
        (Goal(baseline="theirs", at_most=0.4), False),
        # 2 units a second against 1.
        (Goal(baseline="theirs", of="rate", at_least=2.0), True),
        (Goal(baseline="theirs", of="rate", at_least=2.1), False),
    ],
)
def test_a_goal_is_met_by_the_median(goal: Goal, met: object, capsys: pytest.CaptureFixture[str]):
    assert report.show(line(1.0, 3.0, 2.0, goal=goal, wall_seconds=0.5), None) is met
    assert ("MISSED" in capsys.readouterr().out) is not met


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        ((1.0, 2.0, 4.0), "as kept"),
        ((2.0, 4.0, 8.0), "SLOWER than kept: 0.5 (+100%)"),
        ((0.5, 1.0, 2.0), "faster than kept: 0.5 (-50%)"),
    ],
)
def test_a_run_is_compared_with_what_was_kept(ours: tuple[float, ...], said: str, capsys: pytest.CaptureFixture[str]):
    report.keep("some", [line(1.0, 2.0, 4.0)])

    report.show(line(*ours), report.kept("some")["a poll"])

    assert said in capsys.readouterr().out


def test_nothing_is_kept_of_a_new_benchmark():
    assert report.kept("new") == {}


def test_work_is_sampled_in_turn_and_by_its_units():
    done: list[str] = []
    found = compare({"one": (lambda: done.append("one"), 1), "two": (lambda: done.append("two"), 1_000)}, rounds=2)

    assert [len(each) for each in found.values()] == [2, 2]
    # After two calls each to see how long they take, they come in turn.
    order = [name for name, before in zip(done, ["", *done], strict=False) if name != before]
    assert order == ["one", "two", "one", "two", "one", "two"]
    assert found["two"][0].cpu_seconds < found["one"][0].cpu_seconds


def test_large_work_is_measured_apart_with_its_memory():
    sample = apart(lambda: len(bytearray(b"x" * 50_000_000)) // 50_000_000)

    assert sample.peak_bytes is not None
    assert sample.peak_bytes > 50_000_000
    assert 0 < sample.cpu_seconds < 10


def test_work_that_fails_apart_is_an_error():
    with pytest.raises(ChildProcessError, match="status 1"):
        apart(lambda: 1 // 0)


def test_an_article_is_the_same_in_every_document():
    before, after = rss(newest_first(25)), rss(newest_first(25, latest=102))

    items = before.split(b"<item>")
    assert len(items) == 26
    assert after.split(b"<item>")[3:-1] == items[1:-3]


def test_feeds_of_a_capital_letter_have_their_articles_for_themselves():
    links = [set(re.findall(rb"<guid[^>]*>([^<]*)<", document(path))) for path in ("/M/1", "/M/2", "/m/1", "/m/2")]
    assert list(map(len, links)) == [30, 30, 30, 30]
    assert not links[0] & links[1]
    assert links[2] == links[3]
