"""Reading a folder: every file gives an article or a reason."""

from pathlib import Path

import pytest

from knowledge.article import Audience
from knowledge.errors import FolderNotFound
from knowledge.ingest.folder import FILE_BYTES_MAX, Reason, read_folder, slug_of

GOOD = "---\ntitle: Late deliveries\naudience: public\nproducts: [van, cage]\nlanguage: en\n---\n\nCall us.\n"


def write(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_good_file_is_an_article(tmp_path: Path) -> None:
    write(tmp_path, "deliveries/Late Deliveries.md", GOOD)
    (article,), skipped = read_folder(tmp_path)
    assert skipped == []
    assert (article.slug, article.title, article.audience) == ("late-deliveries", "Late deliveries", Audience.PUBLIC)
    assert article.products == ("cage", "van")
    assert article.body == "Call us.\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Just words.", Reason.NO_FRONT_MATTER),
        ("---\ntitle: [\n---\nx", Reason.BAD_FRONT_MATTER),
        ("---\n- a list\n---\nx", Reason.BAD_FRONT_MATTER),
        ("---\ntitle: {a: b}\naudience: public\n---\nx", Reason.BAD_FRONT_MATTER),
        ("---\ntitle: T\n", Reason.NO_FRONT_MATTER),
        ("---\naudience: public\n---\nx", Reason.NO_TITLE),
        (f"---\ntitle: {'T' * 201}\naudience: public\n---\nx", Reason.TITLE_TOO_LONG),
        ("---\ntitle: T\n---\nx", Reason.UNKNOWN_AUDIENCE),
        ("---\ntitle: T\naudience: friends\n---\nx", Reason.UNKNOWN_AUDIENCE),
        ("---\ntitle: T\naudience: public\nlanguage: English!\n---\nx", Reason.BAD_LANGUAGE),
        ("---\ntitle: T\naudience: public\n---\n \n", Reason.EMPTY),
        ("", Reason.NO_FRONT_MATTER),
        (b"---\ntitle: caf\xe9\naudience: public\n---\nx", Reason.NOT_UTF8),
        (b"\x00\x01", Reason.NOT_UTF8),
        (GOOD + "x" * FILE_BYTES_MAX, Reason.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_is_skipped_with_its_reason(tmp_path: Path, content: str | bytes, reason: Reason) -> None:
    write(tmp_path, "bad.md", content)
    write(tmp_path, "good.md", GOOD)
    articles, (skip,) = read_folder(tmp_path)
    assert [article.slug for article in articles] == ["good"]
    assert (skip.file, skip.reason, skip.slug) == ("bad.md", reason, "bad")


def test_a_slug_taken_twice_keeps_the_first(tmp_path: Path) -> None:
    write(tmp_path, "a/late.md", GOOD)
    write(tmp_path, "b/late.md", GOOD)
    articles, (skip,) = read_folder(tmp_path)
    assert len(articles) == 1
    assert (skip.file, skip.reason) == ("b/late.md", Reason.DUPLICATE_SLUG)


def test_windows_lines_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    write(tmp_path, "late.md", b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    (article,), _ = read_folder(tmp_path)
    assert article.body == "Call us.\n"


def test_drafts_hidden_files_and_readmes_are_not_looked_at(tmp_path: Path) -> None:
    for name in ("_draft.md", ".hidden.md", ".git/x.md", "README.md", "notes.txt"):
        write(tmp_path, name, "anything")
    assert read_folder(tmp_path) == ([], [])


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FolderNotFound):
        read_folder(tmp_path / "nowhere")


def test_slugs_stand_in_addresses() -> None:
    assert slug_of("Fridge – Error E4 (Café)") == "fridge-error-e4-cafe"
    assert slug_of("///") == ""
