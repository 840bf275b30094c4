"""The text of a mail comes out as it was written, wherever the wire cuts it."""

from hypothesis import example, given
from hypothesis import strategies as st

from channels.email.handed_text import HandedText

BYTES = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"a"]), max_size=40).map(b"".join)


def line_by_line(handed: bytes) -> tuple[bytes, bytes | None]:
    """The same as the standard tells it: text, and what comes behind its end; None where it has no end."""
    lines = handed.split(b"\r\n")
    if b"." not in lines[:-1]:
        return b"", None
    end = lines.index(b".")
    text = [line[line.startswith(b".") :] + b"\r\n" for line in lines[:end]]
    return b"".join(text), b"\r\n".join(lines[end + 1 :])


@given(BYTES, st.lists(st.integers(1, 5), min_size=1))
@example(b"\r\n.\r\n", [1])
@example(b".\r\n", [2])
@example(b"\r\r\n..\r\n.\r\nQUIT\r\n", [3])
def test_chunks_are_read_as_lines_are(handed: bytes, cuts: list[int]) -> None:
    text = HandedText()
    at = 0
    while text.rest is None and at < len(handed):
        cut = cuts[at % len(cuts)]
        text.take(handed[at : at + cut])
        at += cut
    expected, rest = line_by_line(handed)
    assert (text.rest is None) is (rest is None)
    if text.rest is not None:
        assert (text.whole(), text.rest + handed[at:]) == (expected, rest)


def test_what_is_let_go_is_held_no_more_and_ends_all_the_same() -> None:
    text = HandedText()
    text.take(b"much\r\n")
    text.let_go()
    text.take(b"more\r\n.\r")
    assert (text.size, text.rest) == (0, None)
    text.take(b"\nQUIT")
    assert (text.size, text.rest) == (0, b"QUIT")
