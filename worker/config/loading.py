"""From a file and an environment to a `Config`, or to every mistake in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from worker.model.feed import Feed

from .explain import Finding, findings
from .feeds import FeedEntry, build
from .files import contents, decoded
from .lists import Gathered
from .overrides import from_environment
from .problems import ConfigError, Mistake, Problem
from .report import Report
from .schema import Articles, Config, Origin, Schedule
from .source import WHAT_TO_WRITE, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def load(path: Path | str, environ: Mapping[str, str]) -> Config:
    """Read the configuration file and the lists of feeds that it names, with the environment's settings over it.

    Raises:
        ConfigError: with every mistake that was found.
    """
    file = str(path)
    try:
        text = decoded(contents(Path(path)), file)
    except Mistake as mistake:
        raise ConfigError([Problem(file=file, message=str(mistake))]) from None
    if isinstance(text, Problem):
        raise ConfigError([text])
    return loads(text, file, environ)


def loads(text: str, filename: str, environ: Mapping[str, str]) -> Config:
    """The configuration in `text`, with the environment's settings over it.

    `filename` is for messages, and the paths of lists of feeds start where it is.

    Raises:
        ConfigError: with every mistake that was found.
    """
    source = read(text, filename)
    report = Report(source=source, overrides=from_environment(environ))
    config = None if source.root is None else _config(source.root.value, report)
    if report.problems or config is None:
        raise ConfigError(report.problems)
    return config


def _config(data: Mapping[str, Any], report: Report) -> Config | None:
    """The configuration, or None when `report` has mistakes to show for it."""
    settings = report.overrides.applied(data)
    items = settings.pop("feeds", None)
    try:
        config = Config.model_validate(settings)
    except ValidationError as error:
        config = None
        for finding in findings(error, Config):
            report.add(finding)
    schedule = config.schedule if config else _part(settings, "schedule")
    articles = config.articles if config else None
    lists = config.feed_lists if config else _part(settings, "feed_lists")
    if items and not isinstance(items, list):
        report.add(Finding(path=("feeds",), message=f"must be a list of feeds; {WHAT_TO_WRITE}"))
        items = []
    elif not items and lists == ():
        report.add(Finding(path=("feeds",), message=f"at least one feed is needed; {WHAT_TO_WRITE}"))
    gathered = Gathered(schedule=schedule or Schedule(), articles=articles or Articles())
    _take_entries(build(items or [], schedule, articles, where=report.where, files=gathered.files), report, gathered)
    for index, path in enumerate(lists or ()):
        list_path = Path(report.source.file).parent / path
        try:
            gathered.take_list(list_path)
        except Mistake as mistake:
            report.add(Finding(path=("feed_lists", index), message=f"{list_path}: {mistake}"))
    report.problems += gathered.problems
    if config is None or report.problems:
        return None
    if not gathered.feeds:
        report.add(Finding(path=("feed_lists",), message="at least one feed is needed, and these lists name none"))
        return None
    _check_topics(config, gathered, report)
    return config.loaded(tuple(gathered.feeds), _origin(config, gathered, report))


def _check_topics(config: Config, gathered: Gathered, report: Report) -> None:
    for feed in gathered.feeds:
        if feed.topic is not None and (other := config.misplaced(feed.topic)):
            message = f"feed {feed.id}: {feed.topic} is the name of the topic for {other}; give its articles another"
            report.add(Finding(path=("feeds",), message=message))


def _take_entries(results: Iterable[tuple[int, Feed | ValidationError]], report: Report, gathered: Gathered) -> None:
    file = report.source.file
    for index, result in results:
        if isinstance(result, Feed):
            gathered.take(result, file=file, line=report.line(index))
            continue
        for finding in findings(result, FeedEntry):
            report.add(finding, under=("feeds", index))
    if gathered.feeds:
        gathered.sources.append((file, len(gathered.feeds)))


def _part(settings: Mapping[str, Any], key: str) -> Any:
    """The value of one key; None if it is wrong itself."""
    try:
        return getattr(Config.model_validate({key: settings.get(key)}), key)
    except ValidationError:
        return None


def _origin(config: Config, gathered: Gathered, report: Report) -> Origin:
    security = config.kafka.security if config.kafka else None
    registry = config.kafka.schema_registry if config.kafka else None
    secret_files = (
        *((security.password_file, security.client_secret_file) if security else ()),
        *((registry.password_file,) if registry else ()),
    )
    secrets = [*(file.path for file in secret_files if file is not None), *config.tracing.secret_files]
    return Origin(
        files=tuple(dict.fromkeys((Path(report.source.file), *gathered.files, *secrets))),
        given=report.given(),
        sources=tuple(gathered.sources),
        notes=tuple(gathered.notes),
    )
