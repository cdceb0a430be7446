"""What one element says: its text and whether that is markup, its language, an address, a point on the earth."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from html import escape
from html.entities import html5
from urllib.parse import urljoin

from lxml import etree

from .names import local

_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z][A-Za-z0-9]{1,30}));")
_END_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,15})(?:\s[^<>]*)?/?>")
_HTML_ELEMENTS = frozenset({
    "a", "abbr", "acronym", "address", "article", "aside", "audio", "b", "bdi", "bdo", "big", "blockquote", "body",
    "br", "button", "caption", "center", "cite", "code", "col", "dd", "del", "dfn", "div", "dl", "dt", "em",
    "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "i",
    "iframe", "img", "ins", "kbd", "label", "li", "main", "mark", "nav", "nobr", "object", "ol", "p", "pre", "q", "s",
    "samp", "script", "section", "small", "span", "strike", "strong", "style", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "video", "wbr",
})  # fmt: skip
_TAG_NAME = re.compile(r"[a-z][a-z0-9]{0,20}")
_NAMESPACE = re.compile(r' xmlns(?::[\w.-]+)?="[^"]*"')
# One address of a tag; the rest of the tag may be anything but another tag.
_LINKED = re.compile(
    r"(<[A-Za-z][^<>]*?\s(?:href|src|cite|poster|data)\s*=\s*)(?:\"([^\"<>]*)\"|'([^'<>]*)')", re.IGNORECASE
)
# Absolute, and nothing in it that joining would change.
_ABSOLUTE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?/[^\s?#;\\]*(?:\?[^\s#]+)?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# Enough slashes for anyone: "http:////news.example/" is meant as "http://news.example/".
_SLASHES = re.compile(r"^(https?:)/{3,}", re.IGNORECASE)
_UNSEEN = re.compile(
    r"<(script|style)\b[^<>]*>.*?(?:</\1\s*>|\Z)|<!--.*?-->|<![^<>]*(?:>|\Z)", re.IGNORECASE | re.DOTALL
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_WHOLE_TAG = re.compile(r"</?[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*+>|</?[A-Za-z][^<>]*>")
_MAX_TITLE_CHARS = 4_000
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,20})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The value of a text construct. `html` is None as long as it has to be guessed whether it is markup."""

    value: str
    html: bool | None
    language: str | None


def plain(element: etree._Element | None) -> str | None:
    """The text of an element and of what stands in it, folded to one line; None when there is none."""
    if element is None:
        return None
    text = element.text if not len(element) else "".join(map(str, element.itertext()))
    return " ".join(text.split()) or None if text else None


def read_text(
    element: etree._Element, *, atom: bool, html: bool | None, base: str, language: str | None
) -> Text | None:
    """A text construct (RFC 4287, 3.1 and 4.1.3; Atom 0.3, 3.1), or None when it is empty or holds no text.

    Args:
        element: the element.
        atom: whether `type` and `mode` have the meaning that Atom gives them.
        html: whether the text is HTML where neither markup nor a type says; None leaves it open.
        base: what relative addresses in markup are resolved against.
        language: of the text (xml:lang of the element, or of what it stands in).
    """
    kind = (element.get("type") or "").strip().lower().partition(";")[0] if atom else ""
    mode = (element.get("mode") or "").strip().lower() if atom else ""
    if len(element):
        value: str | None = inner_markup(element)
        markup: bool | None = True
    else:
        value, markup = element.text or "", html
        if mode == "base64" or (kind and not _is_textual(kind)):
            value = _from_base64(value) or ("" if _is_binary(kind) else value)
            markup = kind in {"html", "text/html"} or bool(value and _TAG.search(value))
        elif kind in {"html", "text/html"}:
            markup = True
        elif kind in {"xhtml", "application/xhtml+xml"}:
            # The text of XHTML is what its characters say: "&lt;" shows a "<".
            value, markup = escape(value, quote=False), True
        elif atom:
            markup = mode == "escaped" and bool(_TAG.search(value))
    if value is None or not value.strip():
        return None
    if markup is not False:
        value = absolute_links(value, base)
    return Text(value=value.strip(), html=markup, language=language)


def _is_textual(kind: str) -> bool:
    return (
        kind in {"text", "plain", "html", "xhtml", "xml"} or kind.startswith("text/") or kind.endswith(("+xml", "/xml"))
    )


def _is_binary(kind: str) -> bool:
    return kind.startswith(("image/", "audio/", "video/", "font/"))


def _from_base64(value: str) -> str | None:
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def inner_markup(element: etree._Element) -> str:
    """The markup inside an element as HTML, names without prefixes. A single <div> around it all is dropped."""
    children = list(element)
    if (
        len(children) == 1
        and local(children[0]) == "div"
        and not (element.text or "").strip()
        and not (children[0].tail or "").strip()
    ):
        element = children[0]
    parts = [escape(element.text or "", quote=False)]
    for child in element:
        for part in child.iter(etree.Element):
            name = local(part)
            part.tag = name if _TAG_NAME.fullmatch(name) else "span"
        written = etree.tostring(child, encoding="unicode", method="html")
        parts.append(_NAMESPACE.sub("", written) if " xmlns" in written else written)
    return "".join(parts)


def looks_like_html(value: str) -> bool:
    """Whether text that may be either is meant as HTML: it has a tag of HTML, or a reference to a character."""
    if "<" not in value and "&" not in value:
        return False
    if any(match[1].lower() in _HTML_ELEMENTS for match in _END_TAG.finditer(value)):
        return True
    return any(match[1] is None or f"{match[1]};" in html5 for match in _REFERENCE.finditer(value))


def without_markup(value: str) -> str:
    """HTML of a name or a title as text. References are left to whoever unescapes."""
    value = value[:_MAX_TITLE_CHARS]
    return _WHOLE_TAG.sub("", _UNSEEN.sub("", value)) if "<" in value else value


def absolute(address: str | None, base: str) -> str | None:
    """An address made absolute (RFC 3986, 5); None when there is none, or none that can be read."""
    if address is not None and _ABSOLUTE.fullmatch(address):
        return address
    if address is None or not (stripped := "".join(address.split("\n")).strip()):
        return None
    stripped = _SLASHES.sub(r"\1//", stripped)
    if _SCHEME.match(stripped) and not stripped.lower().startswith(("http:", "https:")):
        return stripped
    try:
        return urljoin(base, stripped)
    except ValueError:
        return None


def absolute_links(markup: str, base: str) -> str:
    """Markup with the addresses of its links and images made absolute."""
    if "=" not in markup or "<" not in markup:
        return markup

    def replaced(match: re.Match[str]) -> str:
        written = match[2] if match[2] is not None else match[3]
        if _SCHEME.match(written) or written.startswith(("#", "&")):
            return match[0]
        found = absolute(written, base)
        return f'{match[1]}"{found}"' if found is not None and '"' not in found else match[0]

    return _LINKED.sub(replaced, markup)


def point(latitude: str | None, longitude: str | None) -> tuple[float, float] | None:
    """A latitude and a longitude in degrees as numbers; None when they are no place on the earth."""
    if not latitude or not longitude or not (_NUMBER.fullmatch(latitude) and _NUMBER.fullmatch(longitude)):
        return None
    north, east = float(latitude), float(longitude)
    return (north, east) if -90 <= north <= 90 and -180 <= east <= 180 else None
