"""An article as the help page shows it."""

import nh3
from markdown_it import MarkdownIt

from knowledge.article import Article

MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel"}


def render_article(article: Article) -> str:
    """The body as HTML that is safe to put into a page: no raw HTML, no images, no script, no foreign scheme.

    The title is not in it; a first-level heading of the body becomes a second-level one, since the page has its own.
    """
    return render_markdown(article.body)


def render_markdown(text: str) -> str:
    """Markdown as safe HTML, the same way."""
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close") and token.tag == "h1":
            token.tag = "h2"
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes=SCHEMES, link_rel="noopener nofollow")
