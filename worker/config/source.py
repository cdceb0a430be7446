"""A YAML document as plain data, with the place of every key and value."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import AliasEvent, MappingEndEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent, StreamEndEvent

from .problems import Path, Problem, dotted, quoted

# YAML 1.1, as PyYAML reads it, without octal, sexagesimal (15:00) and dates, which nobody means here.
_WORDS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"), None) | {
    form: truth
    for word, truth in (("true", True), ("yes", True), ("on", True), ("false", False), ("no", False), ("off", False))
    for form in (word, word.capitalize(), word.upper())
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9](?:_?[0-9]){0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{0,17}")
_TEXT_TAG = "tag:yaml.org,2002:str"
_DEEPEST = 20


def scalar(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
    return text


# Not frozen: a file with 100,000 feeds makes a million nodes, and a frozen class takes five times as long.
@dataclass(slots=True, eq=False)
class Node:
    """A value and its place, counted from 1; for the value of a key, the key's place as well.

    `value` is plain data, and `items` are the nodes that it was made of.
    """

    value: Any
    line: int
    column: int
    key_line: int = 0
    key_column: int = 0
    items: dict[str, Node] | list[Node] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document that was read. `root` is None when its YAML is broken or it is empty; then `problems` says so."""

    file: str
    root: Node | None
    problems: tuple[Problem, ...]

    def find(self, path: Path) -> tuple[Node, int]:
        """The deepest node on the way to `path`, and how many parts of the path lead to it.

        Raises:
            ValueError: if the document has no root.
        """
        if self.root is None:
            raise ValueError(f"{self.file} has no content")
        node = self.root
        for depth, part in enumerate(path):
            items = node.items
            if isinstance(items, dict) and part in items:
                node = items[str(part)]
            elif isinstance(items, list) and isinstance(part, int):
                node = items[part]
            else:
                return node, depth
        return node, len(path)


class _BrokenError(Exception):
    """The document makes no sense from here on."""


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Turns parser events into nodes. Events, not `yaml.compose`: its nodes take twice the memory and time."""

    file: str
    loader: Any
    anchors: dict[str, Node] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    sound: bool = True

    def document(self) -> Node | None:
        get = self.loader.get_event
        get()  # the stream's start
        if isinstance(get(), StreamEndEvent):
            return None
        root = self._node(get(), ())
        get()  # the document's end
        after = get()
        if not isinstance(after, StreamEndEvent):
            self._report(after, (), "a second document begins here; a configuration is one document")
        return root

    def _report(self, event: Any, path: Path, message: str) -> None:
        mark = event.start_mark
        self.problems.append(
            Problem(file=self.file, line=mark.line + 1, column=mark.column + 1, path=dotted(path), message=message)
        )

    def _node(self, event: Any, path: Path) -> Node:
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        kind = type(event)
        if kind is AliasEvent:
            known = self.anchors.get(event.anchor)
            if known is None:
                self.sound = False
                self._report(event, path, "no such anchor comes before; a value that begins with * needs quotes")
                return Node(None, line, column)
            return Node(known.value, line, column, items=known.items)
        if kind is ScalarEvent:
            plain = event.implicit[0] and event.tag is None
            node = Node(scalar(event.value) if plain else event.value, line, column)
        elif len(path) > _DEEPEST:
            self._report(event, (), "nested too deeply; four levels are enough")
            raise _BrokenError
        elif kind is SequenceStartEvent:
            items = self._items(path)
            node = Node([item.value for item in items], line, column, items=items)
        else:
            pairs = self._pairs(path)
            node = Node({key: item.value for key, item in pairs.items()}, line, column, items=pairs)
        if event.tag is not None and event.tag not in ("!", _TEXT_TAG):
            self.sound = False
            self._report(event, path, "tags are not used here; a value that begins with ! needs quotes")
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _items(self, path: Path) -> list[Node]:
        items: list[Node] = []
        while type(event := self.loader.get_event()) is not SequenceEndEvent:
            items.append(self._node(event, (*path, len(items))))
        return items

    def _pairs(self, path: Path) -> dict[str, Node]:
        pairs: dict[str, Node] = {}
        merged: list[Node] = []
        while type(event := self.loader.get_event()) is not MappingEndEvent:
            mark = event.start_mark
            key = event.value if type(event) is ScalarEvent else None
            if key is None or (event.implicit[0] and not isinstance(scalar(key), str)):
                self._report(event, path, "a key must be text")
                self._node(event, path)
                self._node(self.loader.get_event(), path)
                continue
            key = sys.intern(key)  # the same few keys in every feed
            node = self._node(self.loader.get_event(), (*path, key))
            node.key_line, node.key_column = mark.line + 1, mark.column + 1
            if key == "<<" and event.implicit[0]:
                merged += self._merged(node, path)
            elif key in pairs:
                first = pairs[key].key_line
                self._report(event, path, f"duplicate key{quoted(key, node.value)}, first on line {first}; keep one")
            else:
                pairs[key] = node
        for node in merged:
            if isinstance(node.items, dict):
                pairs = {**node.items, **pairs}
        return pairs

    def _merged(self, node: Node, path: Path) -> list[Node]:
        """The mappings that a merge key names (https://yaml.org/type/merge.html): the first one wins."""
        nodes = node.items if isinstance(node.items, list) else [node]
        if all(isinstance(one.items, dict) for one in nodes):
            return nodes
        message = "<< takes an alias of a mapping, or a list of them"
        self.problems.append(
            Problem(file=self.file, line=node.line, column=node.column, path=dotted(path), message=message)
        )
        return []


def read(text: str, file: str) -> Source:
    """Read a document. Whatever is wrong with its YAML is in `problems`; no value is ever repeated there."""
    # Both parsers refuse such characters, with no more than an offset.
    if (match := yaml.reader.Reader.NON_PRINTABLE.search(text)) is not None:
        before = text[: match.start()]
        line, column = before.count("\n") + 1, match.start() - before.rfind("\n")
        message = "not valid YAML: a control character; remove it"
        return Source(file=file, root=None, problems=(Problem(file=file, line=line, column=column, message=message),))
    builder = _Builder(file=file, loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text))
    root = None
    try:
        root = builder.document()
    except _BrokenError:
        builder.sound = False
    except yaml.MarkedYAMLError as error:
        builder.sound = False
        builder.problems.append(_syntax(error, file, text))
    if builder.sound and (root is None or root.value is None):
        builder.sound = False
        builder.problems.append(Problem(file=file, message=f"is empty; {WHAT_TO_WRITE}"))
    elif root is not None and not isinstance(root.items, dict):
        builder.sound = False
        message = f"must hold keys and values, not a list or a single value; {WHAT_TO_WRITE}"
        builder.problems.append(Problem(file=file, line=root.line, column=root.column, message=message))
    return Source(file=file, root=root if builder.sound else None, problems=tuple(builder.problems))


WHAT_TO_WRITE = (
    'write at least "feeds: [https://example.org/feed.xml]" or "feed_lists: [feeds.txt]", with your own feeds'
)


def _syntax(error: yaml.MarkedYAMLError, file: str, text: str) -> Problem:
    # The parser in Python names a tag's handle, which may be the head of an unquoted secret.
    what = re.sub(r" '![^']*'", "", error.problem or "broken")
    if error.context and error.context_mark:
        what += f" {error.context} that begins on line {error.context_mark.line + 1}"
    mark = error.problem_mark
    # The parser says of a tab only that no token begins so.
    if mark is not None and what.startswith("found character that cannot start"):
        line = text.split("\n")[mark.line]
        if line[mark.column : mark.column + 1] == "\t":
            what = "a tab; indent with blanks"
    return Problem(
        file=file,
        line=mark.line + 1 if mark else None,
        column=mark.column + 1 if mark else None,
        message=f"not valid YAML: {what}",
    )
