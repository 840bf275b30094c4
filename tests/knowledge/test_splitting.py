"""Markdown into passages."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.ingest.splitting import WORDS_MAX, split


def test_each_heading_begins_a_passage_with_its_path() -> None:
    pieces = split("Top.\n\n## Frozen\n\nCold.\n\n### At night\n\nDark.\n\n## Bread\n\nWarm.\n")
    assert [(piece.heading, piece.text) for piece in pieces] == [
        ("", "Top."),
        ("Frozen", "Cold."),
        ("Frozen > At night", "Dark."),
        ("Bread", "Warm."),
    ]


def test_short_blocks_share_a_passage_and_lists_stay_whole() -> None:
    (piece,) = split("Do this:\n\n1. one\n2. two\n\nDone.")
    assert piece.text == "Do this:\n\n1. one\n2. two\n\nDone."


def test_a_hash_in_code_is_no_heading() -> None:
    (piece,) = split("```\n# not a heading\n```")
    assert piece.heading == ""


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    pieces = split(" ".join(f"Sentence number {n} has six words." for n in range(60)))
    assert len(pieces) > 2
    assert all(piece.text.endswith(".") for piece in pieces)


@given(st.text(alphabet=st.sampled_from("ab \n#-.>`|*1"), max_size=2_000))
def test_no_passage_is_too_long_or_empty(body: str) -> None:
    for piece in split(body):
        assert piece.text.strip()
        assert len(piece.text.split()) <= WORDS_MAX


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=400))
def test_no_word_is_lost(said: list[str]) -> None:
    assert [word for piece in split(" ".join(said)) for word in piece.text.split()] == said
