"""The new words of an answer, over languages and programs; and everything that must stay whole."""

import json
from pathlib import Path

import pytest

from bench.mail_replies import DATA, right, rows
from channels.email.marker import REPLY_MARK
from channels.email.reading.html import to_text
from channels.email.reading.reply import Words, closings, lines, new_words
from tests.channels.email.reading.made_up_answers import (
    BLOCKS,
    FOOTERS,
    INTRODUCTIONS,
    LEFT_BELOW,
    LEFT_BY_TELEPHONES,
    OLD,
    WHOLE,
)

NEW = "Yes, twice. The light stays red.\n\nWhat now?"
EXACT_MIN = 78
OURS = f"{REPLY_MARK} please answer above {REPLY_MARK}\n\n{OLD}\n\n-- \nLarder & Lane\n\n> The light is red."


def marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
def test_the_line_above_a_quote_is_known_in_many_languages(introduction):
    words = new_words(f"{NEW}\n\n{introduction}\n\n{marked(OLD)}\n")

    assert words.text == NEW
    assert introduction.split("\n")[0] in words.quoted


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
def test_it_is_known_without_marks_too_as_programs_make_text_of_html(introduction):
    assert new_words(f"{NEW}\n\n{introduction}\n\n{OLD}\n").text == NEW


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("gap", ["\n\n", "\n", "\n\n\n \n"], ids=["gap", "close", "wide"])
def test_a_block_of_labels_opens_the_older_mail(block, gap):
    assert new_words(f"{NEW}{gap}{block}\n\n{OLD}\n").text == NEW


@pytest.mark.parametrize("line", LEFT_BY_TELEPHONES)
def test_what_a_telephone_adds_is_nobodys_word(line):
    assert new_words(f"{NEW}\n\n{line}").text == NEW
    assert new_words(f"{NEW}\n\n{line}\n\n{INTRODUCTIONS['gmail es']}\n\n{marked(OLD)}").text == NEW


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_words_that_only_look_like_a_quote_stay(text):
    assert new_words(text).text == text
    assert new_words(f"{text}\n\n{INTRODUCTIONS['mutt']}\n{marked(OLD)}").text == text


def test_what_answers_nothing_is_never_cut():
    text = f"{NEW}\n\n{BLOCKS['outlook es']}\n\n{OLD}\n\nSent from my iPhone"

    assert new_words(text, is_reply=False).text == text


def test_answers_between_the_lines_stay_with_what_they_answer():
    text = f"See below.\n\n{INTRODUCTIONS['mutt']}\n> Did you switch it off?\n\nYes.\n\n> And on?\n\nYes, twice."

    assert new_words(text).text == text
    assert new_words(text).quoted == ""


def test_an_answer_below_the_whole_quote_is_the_answer():
    words = new_words(f"{INTRODUCTIONS['mutt']}\n{marked(OLD)}\n\n{NEW}\n\n-- \nAna\nShop 4")

    assert words.text == NEW
    assert "Shop 4" in words.quoted
    assert "switch it off" in words.quoted


def test_a_greeting_below_the_quote_is_not_an_answer_between_the_lines():
    words = new_words(f"{NEW}\n\n{INTRODUCTIONS['mutt']}\n{marked(OLD)}\n\nRegards,\nAna")

    assert words.text == f"{NEW}\n\nRegards,\nAna"


def test_what_a_virus_scanner_adds_below_is_not_an_answer_between_the_lines():
    footer = "---\nThis mail was checked for viruses by Scanner.\nhttps://scanner.example"

    assert new_words(f"{NEW}\n\n{INTRODUCTIONS['mutt']}\n{marked(OLD)}\n\n{footer}").text == NEW


def test_gmail_once_wrote_no_colon():
    assert new_words(f"{NEW}\n\n2011/4/7 The Desk <desk@shop.example>\n\n{marked(OLD)}").text == NEW


def test_a_quoted_line_that_was_broken_is_no_answer():
    quote = (
        "> This line of the older mail was so long that the program of its reader has\nbroken it here\n> and went on"
    )

    assert new_words(f"{NEW}\n\n{INTRODUCTIONS['mutt']}\n{quote}").text == NEW


@pytest.mark.parametrize(
    "line",
    [
        "---------- Forwarded message ---------",
        "-------- Weitergeleitete Nachricht --------",
        "Begin forwarded message:",
        "Anfang der weitergeleiteten Nachricht:",
        "Début du message transféré :",
        "-------- Пересылаемое сообщение --------",
        "---------- Mensaje reenviado ---------",
    ],
)
def test_what_is_handed_on_stays_whole(line):
    text = f"Can you help her?\n\n{line}\n{BLOCKS['outlook no name']}\n\nMy till is broken"

    words = new_words(text)

    assert words.text == text
    assert words.forwarded


def test_outlook_hands_on_with_the_same_block_as_it_answers_so_the_subject_tells():
    text = f"Can you help her?\n\n{BLOCKS['outlook no name']}\n\nMy till is broken"

    assert new_words(text, is_forward=True).text == text
    assert new_words(text, is_forward=False).text == "Can you help her?"


def test_an_answer_to_what_was_handed_on_is_an_answer():
    text = f"{NEW}\n\n{INTRODUCTIONS['mutt']}\n> ---------- Forwarded message ---------\n> From: Ana"

    assert new_words(text).text == NEW


@pytest.mark.parametrize("prefix", ["", "> ", "| "])
def test_all_below_our_own_mark_is_ours(prefix):
    text = f"{NEW}\n\nsome line no rule knows\n{prefix}{REPLY_MARK} please answer above {REPLY_MARK}\n{OLD}\nmore of it"

    assert new_words(text).text == f"{NEW}\n\nsome line no rule knows"


def test_the_line_above_our_mark_goes_with_it():
    text = f"{NEW}\n\n{INTRODUCTIONS['gmail ja']}\n\n{marked(OURS)}"

    assert new_words(text).text == NEW


@pytest.mark.parametrize("gap", ["\n\n", "\n"], ids=["gap", "close"])
def test_answers_between_the_lines_of_a_mail_of_ours_stay_with_what_they_answer(gap):
    answered = gap.join([marked(OURS), "Yes, twice.", "> Is it plugged in?", "It is.", "> Larder & Lane"])
    text = f"Hi, answers below.\n\n{INTRODUCTIONS['mutt']}\n\n{answered}"

    assert new_words(text) == Words(text)


def test_answers_between_the_paragraphs_of_our_page_stay_with_what_they_answer():
    page = (
        f"<p>Hi, answers below.</p><div>{INTRODUCTIONS['mutt']}</div><blockquote><p>{REPLY_MARK}</p><p>Which till?</p>"
        "</blockquote><p>Till 3.</p><blockquote><p>Since when?</p></blockquote><p>Since Tuesday.</p>"
    )

    words = new_words(to_text(page)).text

    assert [line for line in words.splitlines() if line.strip(" >")] == [
        *("Hi, answers below.", INTRODUCTIONS["mutt"], f"> {REPLY_MARK}", "> Which till?", "Till 3."),
        *("> Since when?", "Since Tuesday."),
    ]


@pytest.mark.parametrize("greeting", ["Hi, see below.", ""], ids=["greeted", "at once"])
@pytest.mark.parametrize("introduction", [INTRODUCTIONS["mutt"], ""], ids=["introduced", "bare"])
@pytest.mark.parametrize(
    "left", ["", "\n\n-- \nAna\nShop 4", "\n\nSent from my iPhone"], ids=["", "signed", "by phone"]
)
def test_what_stands_below_a_whole_mail_of_ours_is_the_answer(greeting, introduction, left):
    words = new_words("\n\n".join(part for part in (greeting, introduction, marked(OURS), NEW + left) if part))

    assert words.text == f"{greeting}\n\n{NEW}".strip()
    assert "switch it off" in words.quoted


@pytest.mark.parametrize("left", LEFT_BELOW.values(), ids=LEFT_BELOW)
def test_what_nobody_wrote_stays_cut_below_a_mail_of_ours(left):
    assert new_words(f"{NEW}\n\n{INTRODUCTIONS['mutt']}\n\n{marked(OURS)}\n\n{left}").text == NEW


@pytest.mark.parametrize("footer", FOOTERS.values(), ids=FOOTERS)
def test_what_a_companys_server_puts_below_a_mail_of_ours_is_nobodys_word(footer):
    ours = f"{INTRODUCTIONS['mutt']}\n\n{marked(OURS)}"

    assert new_words(f"{NEW}\n\n{ours}\n\n{footer}").text == NEW
    assert new_words(f"See below.\n\n{ours}\n\nYes, twice.\n\n{footer}").text == "See below.\n\nYes, twice."
    assert new_words(f"{ours}\n\nYes, twice.\n\n{footer}").text == "Yes, twice."


@pytest.mark.parametrize(
    "said",
    [
        "VAT number: GB 123456789",
        "USt-ID: DE 123456789",
        "Registered in the portal as customer 4711, still no access.",
        "Important notice: the second till jams, too.",
        "Scanned by hand it works, by the till it does not.",
        "The till prints the wrong name: it is Eckladen GmbH.",
        "Eckladen GmbH\nHauptstraße 1\n10115 Berlin",
    ],
)
def test_what_only_looks_like_a_footer_is_an_answer_below_a_mail_of_ours(said):
    assert new_words(f"See below\n\n{INTRODUCTIONS['mutt']}\n\n{marked(OURS)}\n\n{said}").text == f"See below\n\n{said}"


@pytest.mark.parametrize("line", ["10:00 till4 INFO drawer closed " * 11, "this email " * 30, "Eck GmbH"])
def test_each_line_below_a_mail_of_ours_is_looked_at_a_few_times(line, monkeypatch):
    looked: list[str] = []

    def looked_at(text: str) -> str:
        looked.append(text)
        return lines.looked_at(text)

    monkeypatch.setattr(closings, "looked_at", looked_at)
    new_words(f"{NEW}\n\n{INTRODUCTIONS['mutt']}\n{marked(OURS)}\n" + f"{line[:320]}\n" * 2_900)

    assert 2_900 <= len(looked) <= 20 * 2_900


@pytest.mark.parametrize("said", ["Cheers, it works now", "This message comes up: E42", "Regards to Bob, he knows"])
def test_what_only_looks_like_an_end_is_an_answer_below_a_mail_of_ours(said):
    assert new_words(f"See below\n\n{INTRODUCTIONS['mutt']}\n\n{marked(OURS)}\n\n{said}").text == f"See below\n\n{said}"


def test_a_mail_of_ours_further_down_cuts_nothing_that_an_older_mail_above_it_does_not():
    older = f"{BLOCKS['outlook no name']}\n\nAna, do you know?\n\n{INTRODUCTIONS['mutt']}\n{marked(OURS)}"

    assert new_words(f"{NEW}\n\n{older}").text == NEW


def test_words_below_our_mark_are_not_lost_where_none_stand_above():
    text = f"{REPLY_MARK} please answer above {REPLY_MARK}\nold\n\nI write down here, sorry"

    assert "I write down here" in new_words(text).text


def test_nothing_is_lost_where_all_seems_old_but_nothing_is_marked():
    text = f"{BLOCKS['outlook es']}\n\n{OLD}\n\nI write down here"

    assert new_words(text).text == text


def test_a_signature_goes_only_if_words_are_left():
    assert new_words(f"{NEW}\n\n-- \nAna\nShop 4").text == NEW
    assert new_words("-- \nAna\nShop 4").text == "--\nAna\nShop 4"
    assert new_words(f"{NEW}\n\nMit freundlichen Grüßen\nAna Muster\nLeiterin Einkauf\nTel. 030 123456").text == NEW


@pytest.mark.parametrize("bomb", ["> " * 50_000, "On 1 2 3 " * 12_000, "wrote:\n" * 15_000, "From: a\n" * 12_000])
def test_no_text_costs_much(bomb):
    assert new_words(bomb).text is not None


@pytest.mark.skipif(not DATA.exists(), reason="the public answers are not beside this checkout (../shared/data/dev)")
def test_the_public_answers_are_found_exactly():
    judged = [right(row) for row in rows(Path(DATA))]

    assert sum(judged) >= EXACT_MIN, json.dumps(judged)
