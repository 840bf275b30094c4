"""The catalogue of mails: whole in every language, and safe to fill in."""

import re

import pytest

from channels.email.words import TEMPLATES, UnknownTemplate, languages, write

PARAMS = {"company": "Larder & Co", "code": "1234 5678", "minutes": 10}
PARAMS |= {"number": "CAS-01041-V9D3", "rule": "VIPs first", "text": "Look at it now."}
NAMES = sorted(path.stem for path in (TEMPLATES / "en").glob("*.txt"))


def test_every_language_has_every_mail_with_the_same_parameters():
    assert languages() == ["de", "en"]
    for language in languages():
        assert sorted(path.stem for path in (TEMPLATES / language).glob("*.txt")) == NAMES
        for name in NAMES:
            filled = [
                set(re.findall(r"{{ (\w+) }}", (TEMPLATES / each / f"{name}.txt").read_text()))
                for each in ("en", language)
            ]
            assert filled[0] == filled[1], (language, name)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "footer"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_mail_can_be_written(language, name):
    words = write(name, language, PARAMS)
    assert words.language == language
    assert 0 < len(words.subject) < 80
    assert words.text.strip()
    assert f'<html lang="{language}">' in words.html


@pytest.mark.parametrize(
    ("asked", "spoken"), [("de-AT", "de"), ("DE_ch", "de"), ("fr", "en"), ("", "en"), ("../de", "en")]
)
def test_a_language_without_catalogue_is_answered_in_english(asked, spoken):
    assert write("one_time_code", asked, PARAMS).language == spoken


def test_a_parameter_cannot_begin_a_line_or_a_tag():
    words = write("one_time_code", "en", PARAMS | {"code": "1\r\nBcc: x\n\n    <b>", "company": "<script>"})
    assert words.subject == "Your code is 1 Bcc: x <b>"
    assert "<script>" not in words.html
    assert "<b>" not in words.html


def test_an_unknown_mail_is_refused():
    with pytest.raises(UnknownTemplate):
        write("no_such_mail", "en", PARAMS)
