"""Mails whose words a program wrote: a sign under a mail, the line that a telephone adds."""

import pytest

from tests.channels.email.reading.mails import mail, multipart, read

PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
SHOWN = f"{PLAIN}\U0001f44d\r\n\r\nAna reacted via Gmail\r\n"
PAGE = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>\U0001f44d</p><p>Ana reacted via Gmail</p>\r\n"
KIND = "Content-Type: text/vnd.google.email-reaction+json; charset=utf-8\r\n"


def reacting(document: str, *headers: str) -> bytes:
    """As Gmail writes it."""
    sign = KIND + "".join(f"{header}\r\n" for header in headers) + f"\r\n{document}\r\n"
    return multipart(SHOWN, sign, PAGE, kind="alternative")


@pytest.mark.parametrize(
    "sign", ["\U0001f44d", "\U0001f44d\U0001f3fd", "❤️", "\U0001f389", "\U0001f468‍\U0001f469‍\U0001f467"]
)
def test_a_reaction_is_its_sign_and_neither_words_nor_a_file(sign):
    letter = read(reacting(f'{{"version": 1, "emoji": "{sign}"}}'))

    assert (letter.reaction, letter.text, letter.enclosures) == (sign, "", ())
    assert "reacted via Gmail" in letter.quoted


def test_a_reaction_may_be_all_of_a_mail():
    letter = read(mail(KIND.strip(), body='{"version": 1, "emoji": "❤️"}'))

    assert (letter.reaction, letter.text, letter.enclosures) == ("❤️", "", ())


@pytest.mark.parametrize(
    "document",
    ["", "{", "[]", '{"emoji": 7}', '{"emoji": ""}', '{"emoji": "close it"}', '{"emoji": "' + "❤" * 40 + '"}'],
)
def test_what_is_no_sign_is_no_reaction_and_the_words_stay(document):
    letter = read(reacting(document))

    assert (letter.reaction, letter.enclosures) == ("", ())
    assert "reacted via Gmail" in letter.text


def test_a_reaction_that_is_attached_is_a_file():
    letter = read(reacting('{"version": 1, "emoji": "❤️"}', "Content-Disposition: attachment; filename=sign.json"))

    assert letter.reaction == ""
    assert [file.name for file in letter.enclosures] == ["sign.json"]


DEVICES = [
    "Sent from my iPhone",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Von meinem iPhone gesendet",
    "Gesendet mit der GMX Mail App",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "iPhoneから送信",
]


@pytest.mark.parametrize("line", DEVICES)
def test_a_telephones_line_alone_is_no_words(line):
    quote = "\r\n\r\nOn Mon, 2 Mar 2026 at 09:00, Desk <desk@shop.example> wrote:\r\n> Is it solved?\r\n"

    first = read(mail(body=f"{line}\r\n"))
    answer = read(mail("In-Reply-To: <c-1@shop.example>", body=f"\r\n{line}\r\n"))
    above = read(mail("In-Reply-To: <c-1@shop.example>", body=f"{line}{quote}"))

    assert (first.text, answer.text, above.text) == ("", "", "")
    assert (first.quoted, answer.quoted) == (line, line)
    assert "Is it solved?" in above.quoted


def test_words_above_a_telephones_line_stay_whole_in_a_first_mail():
    assert read(mail(body="The till jams.\r\n\r\nSent from my iPhone\r\n")).text.startswith("The till jams.")
