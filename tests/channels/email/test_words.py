"""The catalogue of mails: whole in every language, and safe to fill in."""

import re
from typing import Any

import pytest

from channels.email.words import TEMPLATES, UnknownTemplate, languages, write

PARAMS: dict[str, Any] = {"company": "Larder & Co", "code": "1234 5678", "minutes": 10}
PARAMS |= {"number": "CAS-01041-V9D3", "rule": "VIPs first", "text": "Look at it now."}
ITEM = {"number": "CAS-01041-V9D3", "status": "open", "agent": "Li", "lines": ["It is on the van.", "", "    At noon."]}
NOTICES: dict[str, Any] = {
    "reply": {},
    "resolved": {},
    "status": {},
    "promise": {"next_update": "2026-07-01T14:00:00+00:00"},
    "survey": {"survey_url": "https://desk.example/survey/x"},
}
PARAMS |= {"items": [{**ITEM, "kind": kind, **more} for kind, more in NOTICES.items()], "cases": 1}
PARAMS |= {"zone": "Europe/London", "chat_url": "https://shop.example/help", "stop_url": "https://desk.example/stop"}
PARAMS |= {"preferences_url": "https://desk.example/choose"}
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


def test_a_notice_says_each_thing_in_a_paragraph_of_its_own():
    text = write("notice", "en", PARAMS).text
    assert (
        "Li wrote about case CAS-01041-V9D3:\n\nIt is on the van.\n\nAt noon.\n\nCase CAS-01041-V9D3 was resolved:"
        in text
    )
    assert "by 15:00 on 01.07.2026 (Europe/London)." in text
    assert "\n\n\n" not in text
    assert "um 15:00 (Europe/London)" in write("notice", "de", PARAMS).text


@pytest.mark.parametrize("status", ["new", "open", "waiting_on_customer", "waiting_on_third_party", "closed", "merged"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_status_has_words(language, status):
    items = [{**ITEM, "kind": "status", "status": status}]
    assert status not in write("notice", language, {**PARAMS, "items": items}).text.split("\n--")[0].replace(
        "closed", ""
    )
