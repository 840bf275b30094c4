"""A mail's HTML: cleaned so that nothing runs and nothing is fetched, and turned to text.

Both ways are quadratic or worse in nesting, so tags are counted first; what is too deep is shown as text alone.
"""

import re
from collections import Counter
from functools import cache
from html import unescape
from typing import Any

from channels.email.letter import OUTSIDE
from channels.email.reading.charset import storable
from channels.email.reading.limits import (
    HTML_CHARS_MAX,
    HTML_DEPTH_MAX,
    HTML_ENTITIES_MAX,
    HTML_TAGS_MAX,
    TEXT_CHARS_MAX,
)

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})")
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
CLOSED_BY_THE_NEXT = frozenset(
    ["p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "html", "head", "body"]
)
TAGS = frozenset(
    [
        "a",
        "abbr",
        "address",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
    ]
)
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"align", "dir", "lang", "title", "valign"},
    "a": {"href"},
    "blockquote": {"type"},
    "col": {"span", "width"},
    "font": {"color", "face", "size"},
    "img": {"alt", "height", "src", "width"},
    "ol": {"start", "type"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "width"},
    "td": {"bgcolor", "colspan", "height", "nowrap", "rowspan", "width"},
    "th": {"bgcolor", "colspan", "height", "nowrap", "rowspan", "width"},
}
DROPPED = frozenset(
    ["head", "iframe", "math", "noscript", "object", "script", "style", "svg", "template", "textarea", "title", "xmp"]
)
SCHEMES = frozenset({"http", "https", "mailto", "cid"})
QUOTES = {"blockquote": ["quote"], "div#class=gmail_quote": ["quote"], "div#class=yahoo_quoted": ["quote"]}
BREAKS = re.compile(r"<(?:br|/?(?:p|div|tr|li|h[1-6]|table|blockquote))\b[^<>]*>", re.IGNORECASE)
CELL_ENDS = re.compile(r"</t[dh]\b[^<>]*>", re.IGNORECASE)
ANY_TAG = re.compile(r"<[a-zA-Z!?/][^<>]*>")
UNSHOWN = (("<!--", "-->"), ("<script", "</script"), ("<style", "</style"), ("<head", "</head"), ("<title", "</title"))
REMOTE_IMAGE = re.compile(r"<img\b[^<>]*?\bsrc\s*=\s*[\"']?(?!cid:)[^\s\"'<>]", re.IGNORECASE)
REMOTE = re.compile(r"https?://[^\s\"'<>]{1,2000}\Z", re.IGNORECASE)
WIDE_GAP = re.compile(r"[ \t\xa0]{3,}")


def too_deep(html: str) -> bool:
    """Whether it nests so far, or holds so much, that cleaning it would cost more than a mail may."""
    if html.count("&") > HTML_ENTITIES_MAX or html.count("<") > 2 * HTML_TAGS_MAX:
        return True
    open_tags: Counter[str] = Counter()
    depth = 0
    for tags, match in enumerate(TAG.finditer(html), start=1):
        name = match[2].lower()
        if name in VOID or name in CLOSED_BY_THE_NEXT:
            pass
        elif not match[1]:
            open_tags[name] += 1
            depth += 1
        elif open_tags[name]:
            open_tags[name] -= 1
            depth -= 1
        if depth > HTML_DEPTH_MAX or tags > HTML_TAGS_MAX:
            return True
    return False


def clean(html: str) -> tuple[str, bool]:
    """HTML that can be shown, and whether it had images from elsewhere: their addresses lead nowhere now."""
    cleaned = _cleaner().clean(html)
    return storable(cleaned).strip(), REMOTE_IMAGE.search(html) is not None


@cache
def _cleaner() -> Any:
    import nh3

    def attribute(tag: str, name: str, value: str) -> str | None:
        if (tag, name) != ("img", "src") or value.strip().lower().startswith("cid:"):
            return value
        return f"{OUTSIDE}{value.strip()}" if REMOTE.match(value.strip()) else None

    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(DROPPED),
        attributes=ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


def to_text(html: str) -> str:
    """The words as a reader sees them, quoted mails marked with ">" as in plain mails."""
    from inscriptis import get_annotated_text

    found = get_annotated_text(html, _config())
    marked = _marked(found["text"], [(start, end) for start, end, _ in found.get("label", [])])
    if all(line.startswith(">") for line in marked.split("\n") if line.strip()):
        marked = "\n".join(
            line.removeprefix(">").removeprefix(" ") for line in marked.split("\n")
        )  # Gmail's own wrapping
    return storable(marked)


@cache
def _config() -> Any:
    """Words without indents, and where quotes begin and end."""
    from inscriptis.css_profiles import STRICT_CSS_PROFILE
    from inscriptis.html_properties import Display
    from inscriptis.model.config import ParserConfig
    from inscriptis.model.html_element import HtmlElement

    quote = HtmlElement(display=Display.block, margin_before=1, margin_after=1)
    return ParserConfig(css=STRICT_CSS_PROFILE | {"blockquote": quote}, annotation_rules=QUOTES)


def to_text_plainly(html: str) -> str:
    """The same by leaving the tags out: for what must not be given to a real reader of HTML."""
    html = html[:HTML_CHARS_MAX]
    for opening, closing in UNSHOWN:
        html = _without(html, opening, closing)
    text = ANY_TAG.sub("", BREAKS.sub("\n", CELL_ENDS.sub(" ", html)))
    lines = (" ".join(line.split()) for line in storable(unescape(text)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:TEXT_CHARS_MAX]


def _without(html: str, opening: str, closing: str) -> str:
    """What stands between is left out; what never ends is left out to the end. Linear, whatever it is."""
    lower, kept, place = html.lower(), [], 0
    if len(lower) != len(html):
        lower = html
    while (start := lower.find(opening, place)) >= 0:
        kept.append(html[place:start])
        end = lower.find(closing, start + len(opening))
        place = len(html) if end < 0 else end + len(closing)
    kept.append(html[place:])
    return "".join(kept)


def _marked(text: str, quotes: list[tuple[int, int]]) -> str:
    """Each line that begins within a quote gets a ">"."""
    depth: Counter[int] = Counter()
    for start, end in quotes:
        depth[start] += 1
        depth[end] -= 1
    lines, place, level = [], 0, 0
    marks = sorted(depth)
    following = 0
    for line in text.split("\n"):
        stop = place + len(line)
        while following < len(marks) and marks[following] < max(stop, place + 1):
            level += depth[marks[following]]
            following += 1
        line_text = WIDE_GAP.sub("  ", line.strip())
        lines.append(f"> {line_text}".rstrip() if level > 0 else line_text)
        place = stop + 1
    return "\n".join(lines).strip()
