"""The page of all settings, made of them: python -m tools.settings_page > docs/reference/settings.md"""

from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from app.settings import Settings

HEAD = """# Settings

<!-- Made from app/settings.py by `python -m tools.settings_page > docs/reference/settings.md`; a test compares. -->

Every setting is an environment variable, read once at the start. `nightdesk settings` prints them with what they are
now; the options of `nightdesk serve` win over the environment. A wrong value is named and the desk does not start.

| Variable | Default | |
| --- | --- | --- |
"""
TAIL = """
True and false are written `true` and `false`. The keys the desk signs with are made at the first start, in `keys/` in
the data folder. Which sites may carry the chat is in `sites.yaml` there: see
[put the chat on your site](../how-to/put-the-chat-on-your-site.md).
"""


def settings_page() -> str:
    """The page."""
    return HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items()) + TAIL


def _row(name: str, field: FieldInfo) -> str:
    default = "" if field.default in (None, "") else f"`{_said(field.default)}`"
    return f"| `NIGHTDESK_{name.upper()}` | {default} | {field.description or ''}{_choices(field)} |\n"


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _choices(field: FieldInfo) -> str:
    if get_origin(field.annotation) is not Literal:
        return ""
    return " One of " + ", ".join(f"`{choice}`" for choice in get_args(field.annotation)) + "."


if __name__ == "__main__":
    print(settings_page(), end="")
