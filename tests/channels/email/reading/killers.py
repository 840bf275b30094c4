"""Sixty mails made to take a desk down: time, memory, recursion, or whatever a parser trusts."""

import base64
import gzip
import io
import zipfile

from tests.channels.email.reading.mails import mail, multipart

K = 1_000
M = 1_000_000


def _nested(depth: int, kind: str = "mixed") -> bytes:
    opening = "".join(f"--b{n}\r\nContent-Type: multipart/{kind}; boundary=b{n + 1}\r\n\r\n" for n in range(depth))
    return mail(f"Content-Type: multipart/{kind}; boundary=b0", body=opening + "the end")


def _nested_mails(depth: int) -> bytes:
    return mail(
        "Content-Type: message/rfc822", body="Content-Type: message/rfc822\r\n\r\n" * depth + "Subject: x\r\n\r\nx"
    )


def _html(page: str) -> bytes:
    return mail("Content-Type: text/html; charset=utf-8", body=page)


def _file(content: bytes, kind: str = "application/zip", name: str = "x.zip") -> bytes:
    coded = base64.encodebytes(content).decode()
    part = f'Content-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}'
    return multipart("Content-Type: text/plain\r\n\r\nsee the file", part)


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * (50 * M))
    return packed.getvalue()


def _calendar(lines: str) -> bytes:
    return multipart(f"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\n{lines}\r\nEND:VCALENDAR")


def _reply(body: str) -> bytes:
    return mail("In-Reply-To: <1@shop.example>", body=body)


KILLERS = {
    "commas in To": lambda: mail("To: " + "," * (100 * K)),
    "commas in From": lambda: mail("From: " + "," * (30 * K)),
    "addresses in To": lambda: mail("To: " + "a@b.example, " * (80 * K)),
    "addresses in many Cc": lambda: mail(*["Cc: " + "a@b.example, " * 400] * 400),
    "brackets in From": lambda: mail("From: " + "<" * 900),
    "comments in From": lambda: mail("From: " + "(" * 900),
    "comments in To": lambda: mail("To: " + "(" * (100 * K) + "a@b.example"),
    "quotes in To": lambda: mail("To: " + '"\\' * (15 * K) + "@b.example"),
    "open quotes in To": lambda: mail("To: " + '"' * (31 * K)),
    "blanks in To": lambda: mail("To: " + " x" + " " * (31 * K) + "@"),
    "a group without end": lambda: mail("To: " + "g:" * (15 * K) + "a@b.example"),
    "one giant header": lambda: mail("X-Big: " + "x" * (20 * M)),
    "one giant folded header": lambda: mail("Subject: x" + "\r\n y" * M),
    "a million headers": lambda: mail(*[f"X-{n}: x" for n in range(200 * K)]),
    "a million same headers": lambda: mail(*["Received: x"] * (300 * K)),
    "no end of headers": lambda: mail(body="")[:-2] + b"X: y\r\n" * (500 * K),
    "a header without colon": lambda: mail("x" * (5 * M)),
    "colons": lambda: mail(":" * (5 * M)),
    "parameters of Content-Type": lambda: mail("Content-Type: text/plain" + "; a=b" * (12 * K)),
    "numbered parameters": lambda: mail("Content-Type: text/plain" + "".join(f"; n*{n}=x" for n in range(12 * K))),
    "quotes in parameters": lambda: mail("Content-Type: text/plain; a=" + '"\\' * (12 * K)),
    "a part with such parameters": lambda: multipart("Content-Type: text/plain" + "; a=b" * (12 * K) + "\r\n\r\nx"),
    "encoded words": lambda: mail("Subject: " + "=?utf-8?q?x?= " * (100 * K)),
    "encoded words without end": lambda: mail("Subject: " + "=?utf-8?q?x" * (2_500)),
    "half encoded words": lambda: mail("Subject: " + "=?" * (15 * K)),
    "encoded words in base64": lambda: mail("Subject: =?utf-8?b?" + "A" * (30 * K) + "?="),
    "encoded words in punycode": lambda: mail("Subject: =?punycode?q?" + "a" * (30 * K) + "?="),
    "encoded words in idna": lambda: mail("Subject: =?idna?q?" + "a." * (15 * K) + "?="),
    "charset zlib": lambda: mail("Content-Type: text/plain; charset=zlib", body="x" * M),
    "charset punycode": lambda: mail("Content-Type: text/plain; charset=punycode", body="a-" + "b" * (500 * K)),
    "charset unicode_escape": lambda: mail(
        "Content-Type: text/plain; charset=unicode_escape", body="\\ud800" * (100 * K)
    ),
    "charset utf-7": lambda: mail("Content-Type: text/plain; charset=utf-7", body="+2AA-" * (200 * K)),
    "no charset at all": lambda: mail("Content-Type: text/plain", body=bytes(range(128, 256)) * (20 * K)),
    "shifts of iso-2022": lambda: mail(
        "Content-Type: text/plain; charset=iso-2022-jp", body=b"\x1b$B\x1b(B" * (200 * K)
    ),
    "nested multiparts": lambda: _nested(1_200),
    "nested alternatives": lambda: _nested(5_000, "alternative"),
    "nested mails": lambda: _nested_mails(20 * K),
    "a hundred thousand parts": lambda: multipart(*["\r\nx"] * (100 * K)),
    "parts with the same boundary": lambda: mail(
        "Content-Type: multipart/mixed; boundary=b",
        body="--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * (20 * K),
    ),
    "boundaries that begin alike": lambda: mail(
        "Content-Type: multipart/mixed; boundary=b", body="".join(f"--b{'b' * (n % 70)}\r\n" for n in range(200 * K))
    ),
    "a boundary of blanks": lambda: mail('Content-Type: multipart/mixed; boundary="   "', body="--   \r\n" * (100 * K)),
    "delimiters without line ends": lambda: mail("Content-Type: multipart/mixed; boundary=b", body="--b " * M),
    "base64 that is none": lambda: mail("Content-Transfer-Encoding: base64", body="!?" * (5 * M)),
    "base64 in one line": lambda: mail("Content-Transfer-Encoding: base64", body="QUJD" * (3 * M)),
    "quoted-printable of equals signs": lambda: mail("Content-Transfer-Encoding: quoted-printable", body="=" * (5 * M)),
    "soft breaks": lambda: mail("Content-Transfer-Encoding: quoted-printable", body="=\r\n" * M),
    "nested divs": lambda: _html("<div>" * (200 * K)),
    "fonts open in paragraphs": lambda: _html("".join(f"<font size={n}>" for n in range(190)) + "<p>x" * (200 * K)),
    "nested tables": lambda: _html("<table><tr><td>" * (50 * K)),
    "ampersands": lambda: _html("&" * M),
    "attributes": lambda: _html("<p " + "a=b " * M + ">"),
    "tags without end": lambda: _html("<a " * M),
    "comments without end": lambda: _html("<!--" * M),
    "angle brackets": lambda: _html("<" * (3 * M)),
    "styles": lambda: _html("<style>" + "a{" * M),
    "a zip bomb": lambda: _file(_zip_bomb()),
    "a gzip bomb, said to be words": lambda: _file(gzip.compress(b"\0" * (50 * M)), "text/plain", "x.txt.gz"),
    "a winmail.dat of nonsense": lambda: _file(
        b"\x78\x9f\x3e\x22" + b"\x01\xff" * M, "application/ms-tnef", "winmail.dat"
    ),
    "a calendar of rules": lambda: _calendar(
        "BEGIN:VEVENT\r\nRRULE:FREQ=SECONDLY\r\nSUMMARY:x\r\nEND:VEVENT\r\n" * (2 * K)
    ),
    "nested calendars": lambda: _calendar("BEGIN:VEVENT\r\n" * (6 * K)),
    "quote marks": lambda: _reply(">" * M),
    "quoted lines": lambda: _reply("> x\n" * (300 * K)),
    "lines that introduce": lambda: _reply("On 1 May 2026 at 10:00 a@b.example wrote:\n" * (20 * K)),
    "labels": lambda: _reply("From: a@b.example\nSent: x\n" * (50 * K)),
    "one endless line": lambda: _reply("On 1 May 2026 at 10:00 " * (200 * K)),
    "flowed for ever": lambda: mail("Content-Type: text/plain; format=flowed", body="x \r\n" * (200 * K)),
    "ids without end": lambda: mail(*["References: " + "<a@b> " * 5_000] * 50),
    "a bounce of a hundred thousand": lambda: multipart(
        "Content-Type: message/delivery-status\r\n\r\n"
        + "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" * (50 * K),
        kind="report; report-type=delivery-status",
    ),
    "thirty megabytes": lambda: _file(b"\x93" * (22 * M), "application/octet-stream", "x.bin"),
}

SHORT_LINES = {
    "lines of one letter": lambda: mail(body="a\r\n" * (8 * M)),
    "empty lines": lambda: mail(body="\r\n" * (12 * M)),
    "lines of dots": lambda: mail(body="..\r\n" * (6 * M)),
    "dots that end nothing": lambda: mail(body="\r.\n.\r" * (4 * M)),
}
"""More for who takes mails in: they cost by the line where lines are looked at one by one."""
