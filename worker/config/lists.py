"""Lists of feeds beside the configuration: plain lists of URLs, OPML, and YAML with `feeds` alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from worker.model.feed import Feed

from .explain import Finding, findings
from .feeds import FeedEntry, build, common, shard_key
from .files import contents, decoded
from .location import Location, default_id, location
from .problems import Mistake, Problem, quoted
from .report import Report
from .source import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from .schema import Articles, Schedule

# A fragment of a URL has no blank before it.
_COMMENT = re.compile(r"\s#.*")
# With two of the default id's eight digits alike in a few hundred thousand feeds of one host, these are not.
_DIGITS_OF_THE_SECOND = 16
_MOST_SHOWN = 100
_Place = tuple[str, int]


@dataclass(slots=True, kw_only=True)
class Gathered:
    """The feeds of all sources as one set, in the order in which they were taken. A feed that is there stays.

    Entries of plain lists and OPML do not go through pydantic: there may be hundreds of thousands.
    """

    schedule: Schedule
    articles: Articles
    feeds: list[Feed] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    sources: list[tuple[str, int]] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _common: dict[str, Any] = field(init=False)
    # Where each URL, with its credentials and without, and each id was first.
    _urls: dict[str, _Place] = field(default_factory=dict)
    _ids: dict[str, _Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nothing = FeedEntry.model_construct()  # type: ignore[call-arg] # it has no URL, and nothing else
        self._common = common(nothing, self.schedule, self.articles)

    def take(self, feed: Feed, *, file: str, line: int) -> None:
        """Take a feed of the configuration itself, which has been compared with the others there."""
        self._keep(feed, location(feed.url).public, (file, line))

    def take_list(self, path: Path) -> None:
        """Take what a list names. What is wrong with it goes to `problems`.

        Raises:
            Mistake: if there is no such list.
        """
        kinds: dict[str, Callable[[bytes, str], None]] = {
            ".txt": self._plain,
            ".opml": self._opml,
            ".xml": self._opml,
            ".yaml": self._yaml,
            ".yml": self._yaml,
        }
        read_it = kinds.get(path.suffix.lower())
        if read_it is None:
            raise Mistake("is of no kind that is known here; its name must end in .txt, .opml, .xml, .yaml or .yml")
        data = contents(path)
        self.files.append(path)
        known, notes, problems = len(self.feeds), self.notes, self.problems
        self.notes, self.problems = [], []
        read_it(data, str(path))
        if len(self.feeds) == known and not self.problems:
            self.notes.append(Problem(file=str(path), message="names no feed that is not known already"))
        self.sources.append((str(path), len(self.feeds) - known))
        self.notes = [*notes, *_shortened(self.notes, "notes")]
        self.problems = [*problems, *_shortened(self.problems, "mistakes")]

    def _plain(self, data: bytes, file: str) -> None:
        text = decoded(data, file)
        if isinstance(text, Problem):
            self.problems.append(text)
            return
        for number, line in enumerate(text.split("\n"), 1):
            url = line.strip()
            if not url or url[0] == "#":
                continue
            try:
                place = location(_COMMENT.sub("", url))
            except Mistake as mistake:
                column = len(line) - len(line.lstrip()) + 1
                self.problems.append(Problem(file=file, line=number, column=column, message=str(mistake)))
                continue
            self._listed(place, None, (file, number))

    def _opml(self, data: bytes, file: str) -> None:
        # lxml, which no other list needs, is a tenth of what a worker without OPML loads of the configuration.
        from .opml import NotOpml, read_opml  # noqa: PLC0415 - see above

        result = read_opml(data)
        if isinstance(result, NotOpml):
            self.problems.append(Problem(file=file, line=result.line, message=result.reason))
            return
        if result.broken is not None:
            # The rest of the list may be missing, and with it feeds that are followed.
            self.problems.append(Problem(file=file, message=f"{result.broken}; export the list again"))
        for skipped in result.skipped:
            problem = Problem(file=file, line=skipped.line, message=str(skipped))
            (self.problems if skipped.mistake else self.notes).append(problem)
        for feed in result.feeds:
            self._listed(location(feed.url), feed.title, (file, feed.line))

    def _yaml(self, data: bytes, file: str) -> None:
        text = decoded(data, file)
        if isinstance(text, Problem):
            self.problems.append(text)
            return
        report = Report(source=read(text, file))
        root = report.source.root
        items = self._items(report) if root is not None else []
        for index, result in build(items, self.schedule, self.articles, where=report.where, files=self.files):
            if isinstance(result, Feed):
                self._entry(result, index, report)
                continue
            for finding in findings(result, FeedEntry):
                report.add(finding, under=("feeds", index))
        self.problems += report.problems

    def _items(self, report: Report) -> list[Any]:
        data = report.source.root.value if report.source.root else {}
        for key, value in data.items():
            if key != "feeds":
                cure = 'did you mean "feeds"?' if get_close_matches(key, ["feeds"]) else "the one key here is feeds"
                report.add(Finding(path=(key,), message=f"unknown key{quoted(key, value)}; {cure}", key=True))
        items = data.get("feeds")
        if items is not None and not isinstance(items, list):
            report.add(Finding(path=("feeds",), message="must be a list of feeds"))
            return []
        return items or []

    def _entry(self, feed: Feed, index: int, report: Report) -> None:
        place = location(feed.url)
        at = (report.source.file, report.line(index))
        has_own_id = feed.id != default_id(place)
        if self._is_known(feed.url if has_own_id else place.public, at):
            return
        if feed.id in self._ids:
            if has_own_id:
                first = "{}:{}".format(*self._ids[feed.id])
                message = f"is the same id as that of the feed at {first}; give this feed an id of its own"
                report.add(Finding(path=("feeds", index, "id"), message=message))
                return
            feed = replace(feed, id=default_id(place, digits=_DIGITS_OF_THE_SECOND))
        self._keep(feed, place.public, at)

    def _listed(self, place: Location, title: str | None, at: _Place) -> None:
        if self._is_known(place.public, at):
            return
        feed_id = default_id(place)
        if feed_id in self._ids:
            feed_id = default_id(place, digits=_DIGITS_OF_THE_SECOND)
        feed = Feed(id=feed_id, url=place.url, shard_key=shard_key(place.host), title=title, **self._common)
        self._keep(feed, place.public, at)

    def _is_known(self, url: str, at: _Place) -> bool:
        first = self._urls.get(url)
        if first is not None:
            message = "is the same feed as that at {}:{}, which counts".format(*first)
            self.notes.append(Problem(file=at[0], line=at[1], message=message))
        return first is not None

    def _keep(self, feed: Feed, public: str, at: _Place) -> None:
        self.feeds.append(feed)
        self._ids[feed.id] = at
        self._urls.setdefault(public, at)
        self._urls.setdefault(feed.url, at)


def _shortened(problems: list[Problem], what: str) -> Iterable[Problem]:
    """As many as somebody may want to read of one list."""
    shown = problems[:_MOST_SHOWN]
    if left := len(problems) - len(shown):
        shown.append(Problem(file=problems[0].file, message=f"{left} more {what} are not shown"))
    return shown
