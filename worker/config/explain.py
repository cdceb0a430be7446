"""What pydantic found, in words of our own: its messages repeat values, and a value may be a secret."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .problems import Mistake, Path, quoted
from .section import Section, keys, subsection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic import ValidationError

_MESSAGES = {
    "model_type": "must be a section of keys and values",
    "dict_type": "must be a section of keys and values",
    "tuple_type": "must be a list, or text with commas between",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "string_type": "must be text",
    "string_unicode": "must be text without surrogates (U+D800 to U+DFFF); write the character itself",
    "string_too_short": "must not be empty",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "float_type": "must be a number",
    "literal_error": "must be {expected}",
}
# Sections whose keys are the user's own words, and shown in no error: a key without a value may be a misplaced secret.
_OWN_WORDS = frozenset({"headers"})
_MISSING = {"url": "is missing; write the feed's URL", "username": "is missing; write the name to log in with"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A mistake and where in the data it is: at the value of `path`, or, for an unknown key, at its key."""

    path: Path
    message: str
    key: bool = False


def findings(error: ValidationError, section: type[Section]) -> Iterator[Finding]:
    """Every mistake of a validation of `section`."""
    for detail in error.errors(include_url=False):
        kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
        if kind == "default_factory_not_called":
            continue  # what it would have been made of is wrong itself
        if kind == "extra_forbidden":
            *above, key = detail["loc"]
            path, holder = _as_written(above, section)
            yield Finding(path=(*path, key), message=_unknown_key(holder, str(key), value), key=True)
            continue
        path, _ = _as_written(detail["loc"], section)
        if (own := next((at for at, key in enumerate(path[:-1]) if key in _OWN_WORDS), None)) is not None:
            yield Finding(path=path[: own + 2], message=_said(context), key=True)
        elif kind == "value_error":
            yield Finding(path=path, message=_said(context))
        elif kind == "string_type" and isinstance(value, bool | int | float):
            yield Finding(path=path, message="must be text; put it in quotes")
        elif kind == "missing":
            yield Finding(path=path, message=_MISSING.get(str(path[-1]), "is missing"))
        else:
            words = {name: str(part).replace("'", "") for name, part in context.items()}
            yield Finding(path=path, message=_MESSAGES.get(kind, "cannot be used").format(**words))


def _said(context: Mapping[str, Any]) -> str:
    cause = context.get("error")
    return str(cause) if isinstance(cause, Mistake) else "cannot be used"


def _as_written(location: Iterable[str | int], section: type[Section]) -> tuple[Path, type[Section]]:
    """The path in the keys of the file, and the section it ends in; pydantic names a default by its attribute."""
    path: list[str | int] = []
    for part in location:
        for name, field in section.model_fields.items():
            if part in (name, field.alias):
                path.append(field.alias or name)
                section = subsection(field) or section
                break
        else:
            path.append(part)
    return tuple(path), section


def _unknown_key(section: type[Section], key: str, value: Any) -> str:
    if value is None and ":" in key:
        return "a blank is missing after the colon"
    close = _closest(key, keys(section))
    cure = f'did you mean "{close}"?' if close else f"the keys here are {', '.join(keys(section))}"
    return f"unknown key{quoted(key, value)}; {cure}"


@lru_cache(maxsize=1000)
def _closest(key: str, known: tuple[str, ...]) -> str | None:
    return next(iter(get_close_matches(key, known, n=1)), None)
