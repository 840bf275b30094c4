"""The reference page says what the files say."""

from pathlib import Path

from app.demo.describe import describe
from app.demo.files import read_company

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "demo-company.md"


def test_the_reference_page_is_the_one_made_from_the_files() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe(read_company())
