"""The line above which customers answer, and the header that names the desk a mail is from."""

REPLY_MARK = "=~=~="
"""What reading looks for: from the line that holds it on, everything is ours already, whatever the language,
but for answers that somebody wrote between the lines or below them."""
LINES = {
    "en": f"{REPLY_MARK} Please write above this line {REPLY_MARK}",
    "de": f"{REPLY_MARK} Bitte oberhalb dieser Zeile schreiben {REPLY_MARK}",
}
LOOP = "X-Loop"


def loop_name(address: str) -> str:
    """What stands in `LOOP` for the desk with this address."""
    return f"nightdesk:{address.lower()}"
