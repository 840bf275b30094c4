"""What makes two mails one."""

import sys
import time
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import digest
from channels.email.digest import copy_digest, digest_of

MAIL = b"Message-ID: <1@corner.example>\r\nFrom: Ana <ana@corner.example>\r\nSubject: Till\r\n\r\nIt jams.\r\n"


def test_another_way_and_other_line_ends_make_no_other_mail():
    assert digest_of(b"Received: by mx\r\n" + MAIL) == digest_of(MAIL)
    assert digest_of(MAIL.replace(b"\r\n", b"\n") + b"\n\n") == digest_of(MAIL)
    assert digest_of(MAIL.replace(b"<ana", b"\r\n <ana")) == digest_of(MAIL)


def test_other_words_another_writer_or_another_id_make_another_mail():
    others = [
        MAIL.replace(b"jams", b"burns"),
        MAIL.replace(b"ana@", b"eve@"),
        MAIL.replace(b"<1@", b"<2@"),
        MAIL.replace(b"Message-ID: <1@corner.example>\r\n", b""),
    ]
    assert len({digest_of(raw) for raw in [MAIL, *others]}) == 5


def test_without_an_id_the_same_words_on_another_day_are_another_mail():
    bare = MAIL.replace(b"Message-ID: <1@corner.example>\r\n", b"Date: Mon, 2 Mar 2026\r\n")
    assert digest_of(bare) != digest_of(bare.replace(b"Mon, 2", b"Tue, 3"))


def test_copies_that_came_by_another_way_alone_are_no_more_believable():
    own = copy_digest("1", b"Authentication-Results: mx; dmarc=pass\r\n" + MAIL)
    another = b"Return-Path: <x@x>\r\nAuthentication-Results: mx;\r\n\tdmarc=pass\r\nReceived: by a;\r\n Mon\r\n"
    brought = b"Authentication-Results: elsewhere; dmarc=fail\r\n"
    assert copy_digest("1", another + MAIL) == own
    assert copy_digest("1", another + brought + MAIL) == own
    assert copy_digest("1", (another + MAIL).replace(b"\r\n", b"\n")) == own


def test_copies_differ_in_what_a_server_found_and_in_whatever_may_be_signed():
    copies = [
        MAIL,
        b"Authentication-Results: mx; dmarc=pass\r\n" + MAIL,
        b"Authentication-Results: mx; dmarc=fail\r\n" + MAIL,
        b"Authentication-Results: x; dmarc=pass\r\nAuthentication-Results: mx; dmarc=fail\r\n" + MAIL,
        b"DKIM-Signature: v=1\r\n" + MAIL,
        MAIL.replace(b"Subject: Till", b"Subject: [list] Till"),
        b"X-Mine: 1\r\n" + MAIL,
    ]
    assert len({copy_digest("1", raw) for raw in copies}) == len(copies)
    assert copy_digest("1", MAIL) != copy_digest("2", MAIL)


@given(st.binary(max_size=2_000))
def test_it_takes_whatever_comes(raw):
    assert len(digest_of(raw)) == len(copy_digest("", raw)) == 64


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a"]), max_size=30).map(b"".join))
def test_a_body_is_hashed_in_pieces_as_it_was_whole(body):
    """What was kept before has to be known again."""
    whole = body.replace(b"\r\n", b"\n").rstrip(b"\n")
    parts = (b"<1@x>", b"", b"\x00", whole)
    expected = sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()
    with pytest.MonkeyPatch.context() as patch:
        for size in (2, 3, 7, 1_000):
            patch.setattr(digest, "PIECE_BYTES", size)
            assert digest_of(b"Message-ID: <1@x>\r\n\r\n" + body) == expected


@pytest.mark.bar
def test_B01_no_step_of_a_large_body_holds_up_the_rest(monkeypatch):
    """C code that looks at 24 MB in one step keeps every other thread from running, wherever it is run."""
    steps: list[float] = []

    def noted(frame, event, argument):
        if event in ("c_call", "c_return"):
            steps.append(time.thread_time())

    body = b"a\r\n" * (8 * 1024 * 1024)
    sys.setprofile(noted)
    digest_of(b"Message-ID: <1@x>\r\n\r\n" + body)
    sys.setprofile(None)
    assert max(later - before for before, later in pairwise(steps)) < 0.1


def test_hostile_headers_cost_nothing():
    for raw in (
        b"Message-ID:" + b"\n " * 200_000 + b"\n\nx",
        b"message-id" * 100_000,
        b"Message-ID: " + b"<" * 1_000_000,
        b"\n".join([b"From: x"] * 100_000),
        b"Message-ID\t" * 100_000,
    ):
        began = time.process_time()
        digest_of(raw)
        assert time.process_time() - began < 2.0, raw[:30]  # a pattern that runs away takes minutes
