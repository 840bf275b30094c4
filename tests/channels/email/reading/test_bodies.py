"""What a mail says and brings: words, HTML that cannot do anything, files that are never opened."""

import base64
import struct

import pytest

from channels.email.letter import OUTSIDE, shows_pictures_from_outside
from tests.channels.email.reading.mails import mail, multipart, read

PAGE = "Content-Type: text/html; charset=utf-8\r\n\r\n"
PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n"


def html(page: str):
    return read(mail("Content-Type: text/html; charset=utf-8", body=page))


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("iso-8859-1", "Grüße €".encode("cp1252"), "Grüße €"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("us-ascii", "Grüße".encode("cp1252"), "Grüße"),
        ("no-such-thing", "Grüße".encode(), "Grüße"),
        ("", "Grüße €".encode("cp1252"), "Grüße €"),
        ("utf-8", "Grüße".encode("cp1252"), "Grüße"),
        ("gb2312", "您好，镕基".encode("gb18030"), "您好，镕基"),
        ("shift_jis", "①髙".encode("cp932"), "①髙"),
        ("ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하"),
        ("iso-2022-jp", "すみません".encode("iso2022_jp"), "すみません"),
        ("", "すみません".encode("iso2022_jp"), "すみません"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("windows-1251", "Привет".encode("cp1251"), "Привет"),
        ("utf-8", b"a\x00b\x07c", "abc"),
        ("utf-8", b"\xef\xbb\xbfHello", "Hello"),
    ],
)
def test_words_arrive_in_whatever_charset_they_were_sent(charset, content, text):
    kind = f"Content-Type: text/plain; charset={charset}" if charset else "Content-Type: text/plain"

    assert read(mail(kind, body=content)).text.removeprefix("\ufeff") == text


@pytest.mark.parametrize(
    "charset", ["zlib", "punycode", "idna", "rot13", "unicode_escape", "hex", "undefined", "bz2", "mbcs"]
)
def test_what_python_calls_a_codec_but_is_no_charset_is_not_used(charset):
    assert read(mail(f"Content-Type: text/plain; charset={charset}", body="a-b \\ud800")).text == "a-b \\ud800"


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOf?= =?utf-8?b?ZQ==?=", "Grüße"),
        ("=?utf-8?b?4pg=?=\r\n =?utf-8?b?gw==?=", "☃"),
        ("a =?iso-8859-1?q?b=E9?= c", "a bé c"),
        ("=?no-such?q?abc?=", "abc"),
        ("=?utf-8*en?q?abc?=", "abc"),
        ("=?utf-8?x?abc?= =?broken", "=?utf-8?x?abc?= =?broken"),
        ("Säying", "Säying"),
        ("a\udce9b", "aéb"),
    ],
)
def test_subjects_are_read_as_people_see_them(subject, words):
    assert read(mail(f"Subject: {subject}")).subject == words


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("attachment; filename=bill.pdf", "bill.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
        ("attachment; filename*=utf-8''%E2%82%AC%20rates.txt", "€ rates.txt"),
        ("attachment; filename*0=long; filename*1=name.txt", "longname.txt"),
        ("attachment; filename*0*=utf-8''%C3%A9; filename*1*=t.txt", "ét.txt"),
        ('attachment; filename="=?utf-8?q?=C3=A9t=C3=A9.txt?="', "été.txt"),
        ('attachment; filename="a\u202efdp.exe"', "afdp.exe"),
        ('attachment; filename="nul.txt"', "_nul.txt"),
        ('attachment; filename="..."', "attachment-1.pdf"),
        ("attachment", "attachment-1.pdf"),
        ('attachment; filename="' + "x" * 500 + '.pdf"', "x" * 109 + ".pdf"),
    ],
)
def test_files_get_names_that_are_safe(value, name):
    letter = read(
        multipart(PLAIN + "see", f"Content-Type: application/pdf\r\nContent-Disposition: {value}\r\n\r\n%PDF")
    )

    assert [(file.name, file.content) for file in letter.enclosures] == [(name, b"%PDF")]
    assert letter.text == "see"


def test_plain_words_win_over_the_same_in_html():
    letter = read(multipart(PLAIN + "plain", PAGE + "<p>rich", kind="alternative"))

    assert letter.text == "plain"
    assert letter.html == "<p>rich</p>"


def test_html_alone_becomes_words_with_its_quotes_marked():
    letter = read(
        mail(
            "Content-Type: text/html",
            "In-Reply-To: <9@shop.example>",
            body='<p>Yes, <b>twice</b>.</p><div class="gmail_quote">On 3 March 2025 at 10:00, '
            "Desk &lt;desk@shop.example&gt; wrote:<blockquote><p>Did you?</p></blockquote></div>",
        )
    )

    assert letter.text == "Yes, twice."
    assert "> Did you?" in letter.quoted


def test_html_that_is_one_quote_to_gmail_is_still_somebodys_words():
    letter = read(
        mail("Content-Type: text/html", "In-Reply-To: <9@shop.example>", body='<div class="gmail_quote">Help</div>')
    )

    assert letter.text == "Help"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<img src=x onerror="alert(1)">',
        "<style>@import url(http://evil.example)</style>",
        '<p style="background:url(http://evil.example)">x</p>',
        '<table background="http://evil.example"><tr><td>x</td></tr></table>',
        '<iframe src="http://evil.example"></iframe>',
        '<form action="http://evil.example"><input></form>',
        '<link rel=stylesheet href="http://evil.example">',
        '<meta http-equiv=refresh content="0;url=http://evil.example">',
        '<base href="http://evil.example/">',
        '<video poster="http://evil.example"></video>',
        '<img srcset="http://evil.example 2x">',
        '<svg><image href="http://evil.example"/></svg>',
        '<object data="http://evil.example"></object>',
        '<img src="//evil.example/x.png">',
        '<img src="data:image/svg+xml,evil.example">',
        "<math><mtext><table><mglyph><style><img src=x onerror=evil.example>",
    ],
)
def test_nothing_in_html_runs_or_is_fetched(hostile):
    cleaned = html(f"<p>Hello</p>{hostile}").html

    assert "Hello" in cleaned
    assert "evil.example" not in cleaned
    assert not any(word in cleaned for word in ("alert(1)", "onerror", "<style", "<script", "<iframe"))


def test_a_link_stays_and_an_image_of_the_mail_itself_too():
    letter = html(
        '<a href="https://shop.example">x</a><img src="cid:a@b" alt="a"><img src="https://track.example/1.gif">'
    )

    assert 'href="https://shop.example"' in letter.html
    assert 'src="cid:a@b"' in letter.html
    assert "remote_images" in letter.odd


@pytest.mark.parametrize("address", ["https://track.example/1.gif?a=1&amp;b=2", " HTTP://track.example/1.gif"])
def test_an_image_from_elsewhere_leads_nowhere_and_its_address_is_kept(address):
    letter = html(f'<img src="{address}" alt="logo">')

    assert letter.html == f'<img src="{OUTSIDE}{address.strip()}" alt="logo">'
    assert shows_pictures_from_outside(letter.html)


@pytest.mark.parametrize(
    "image",
    [
        '<img src="ftp://track.example/1.gif">',
        '<img src="//track.example/1.gif">',
        '<img src="outside:https://track.example/1.gif">',
        f'<img src="https://track.example/{"a" * 3_000}">',
        "<p title=' src=\"outside:https://track.example'>x</p>",
    ],
)
def test_what_is_no_address_of_an_image_is_none_to_be_kept(image):
    assert not shows_pictures_from_outside(html(f"<p>Hello</p>{image}").html)


@pytest.mark.bar
@pytest.mark.parametrize("bomb", ["<div>" * 3_000, "<b>" * 300 + "<p>" * 3_000, "&" * 50_000, "<p>" * 30_000], ids=len)
def test_B04_html_that_would_cost_too_much_is_shown_as_words_alone(bomb):
    letter = html(f"<p>Hello</p>{bomb}there")

    assert letter.html == ""
    assert "html_dropped" in letter.odd
    assert "Hello" in letter.text


def test_an_inline_image_is_found_by_its_id():
    letter = read(
        multipart(
            PAGE + '<img src="cid:logo@x">',
            "Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline\r\n\r\nPNG",
            kind="related",
        )
    )

    assert [(file.name, file.content_id) for file in letter.enclosures] == [("attachment-1.png", "logo@x")]


def test_a_mail_in_a_mail_is_kept_whole():
    inner = "From: bob@home.example\r\nSubject: Old\r\n\r\nThe first problem"
    letter = read(multipart(PLAIN + "please see", f"Content-Type: message/rfc822\r\n\r\n{inner}"))

    assert letter.text == "please see"
    assert letter.forwarded
    assert [(file.content_type, file.content.decode()) for file in letter.enclosures] == [("message/rfc822", inner)]


def test_an_invitation_is_told_and_kept():
    event = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260302T090000Z\r\n"
        "SUMMARY:Service visit\\, freezer\r\nLOCATION:Shop 4\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    letter = read(
        multipart(PLAIN + "Come", f"Content-Type: text/calendar; method=REQUEST\r\n\r\n{event}", kind="alternative")
    )

    assert letter.calendar == "REQUEST: Service visit, freezer, 2026-03-02T09:00:00+00:00, Shop 4"
    assert letter.enclosures[0].content_type == "text/calendar"


def test_winmail_dat_is_unwrapped():
    pytest.importorskip("tnefparse", reason="the extra `winmail` is not installed")

    def attribute(level: int, name: int, kind: int, content: bytes) -> bytes:
        return (
            struct.pack("<BHHI", level, name, kind, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)
        )

    wrapped = (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x9006, 0x0008, struct.pack("<I", 0x00010000))
        + attribute(2, 0x9002, 0x0006, b"\x01\x00" + b"\0" * 12)
        + attribute(2, 0x8010, 0x0001, b"bill.txt\0")
        + attribute(2, 0x800F, 0x0006, b"42 euros")
    )
    coded = base64.encodebytes(wrapped).decode()
    part = f"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}"
    letter = read(multipart(PLAIN + "see", part))

    assert [(file.name, file.content) for file in letter.enclosures] == [("bill.txt", b"42 euros")]


def test_a_winmail_dat_that_cannot_be_read_stays_a_file():
    letter = read(multipart(PLAIN + "see", "Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nnonsense"))

    assert [file.name for file in letter.enclosures] == ["winmail.dat"]
    assert "tnef_unread" in letter.odd


@pytest.mark.bar
def test_B07_an_archive_stays_closed():
    letter = read(multipart(PLAIN + "see", 'Content-Type: application/zip; name="x.zip"\r\n\r\nPK\x03\x04rest'))

    assert [file.content for file in letter.enclosures] == [b"PK\x03\x04rest"]


def test_flowed_text_is_put_together_again():
    letter = read(
        mail("Content-Type: text/plain; format=flowed", body="One long \r\nline.\r\n  indented\r\n-- \r\nAna\r\n")
    )

    assert letter.text == "One long line.\n indented\n--\nAna"


def test_threading_fields_are_read_and_broken_ones_are_left_out():
    letter = read(
        mail(
            "Message-ID: <[a] b@@x>",
            "In-Reply-To: junk <1@shop.example>",
            "References: <0@x>\r\n <1@shop.example> <0@x>",
        )
    )

    assert letter.message_id == ""
    assert letter.in_reply_to == ("1@shop.example",)
    assert letter.references == ("0@x", "1@shop.example")
    assert letter.is_reply


def test_a_subject_that_says_re_is_a_reply_only_with_a_quote():
    assert not read(mail("Subject: Re: the till", body="Best regards,\nAna\nShop 4\nTel. 030 123456")).is_reply
    assert (
        read(mail("Subject: AW: the till", body="Yes.\n\nAm 03.03.2025 um 10:00 schrieb Desk:\n> Really?")).text
        == "Yes."
    )


def test_an_outlook_forward_is_known_by_its_subject_and_kept_whole():
    body = (
        "Please help her\n\nVon: Ana <ana@home.example>\nGesendet: Montag, 3. März 2025 10:00\nBetreff: Kasse\n\nKaputt"
    )
    letter = read(mail("Subject: WG: Kasse", "References: <1@home.example>", body=body))

    assert letter.forwarded
    assert not letter.is_reply
    assert letter.text == body


def test_what_borders_say_is_kept_in_order_and_unjudged():
    letter = read(
        mail("Authentication-Results: mx.shop.example;\r\n dmarc=pass", "Authentication-Results: evil; dmarc=pass")
    )

    assert letter.authentication == ("mx.shop.example; dmarc=pass", "evil; dmarc=pass")


def test_where_it_was_delivered_to_is_read_nearest_first():
    letter = read(mail("Delivered-To: desk+c-9-abc@shop.example", "X-Original-To: <desk@shop.example>"))

    assert letter.delivered_to == ("desk+c-9-abc@shop.example", "desk@shop.example")


@pytest.mark.parametrize(
    "raw", [b"x", b"\0", b"From: ", b"\r\n\r\nx", b":::", b"From a@b Mon Jan 1\n\nx", b"\xff\xfe\x00"]
)
def test_anything_at_all_is_a_letter(raw):
    assert read(raw).odd is not None
