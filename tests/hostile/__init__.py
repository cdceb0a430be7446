"""What an attacker, or a broken program, may send: documents, pages and servers, each with what is to come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import disguises, entities, formats, pages, redirects, servers, shapes, texts, values

if TYPE_CHECKING:
    from .cases import Case

_MODULES = (entities, shapes, values, disguises, formats, texts, pages, servers, redirects)
CASES: tuple[Case, ...] = tuple(case for module in _MODULES for case in module.CASES.all)
