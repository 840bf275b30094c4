"""A post office a test: its servers start in a tenth of a second."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.mail.customers import Customer
from tests.mail.desk import READS_MAIL, MailDesk, mail_desk, prepared
from tests.mail.post import Post
from tests.mail.programs import lacking

NewCustomer = Callable[..., Customer]
NewDesk = Callable[..., AbstractAsyncContextManager[MailDesk]]


@pytest.fixture(scope="session")
def programs() -> None:
    """A missing program is a skip on a workplace and a failure in CI."""
    if missing := lacking():
        if os.environ.get("CI") == "true":
            pytest.fail(f"not installed: {missing}")
        pytest.skip(f"not installed: {missing}")


@pytest.fixture
async def post(programs: None) -> AsyncIterator[Post]:
    office = Post()
    try:
        await office.opens()
        yield office
    finally:
        office.closes()


@pytest.fixture
def customer(post: Post) -> NewCustomer:
    """`customer("ana@customer.test")`."""

    def make(address: str, **told: str) -> Customer:
        return Customer(post, address, **told)

    return make


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company, whose data folder every desk gets a copy of."""
    folder = tmp_path_factory.mktemp("company")
    prepared(folder)
    return folder


@pytest.fixture
def new_desk(post: Post, company: Path, tmp_path: Path) -> NewDesk:
    """`async with new_desk() as desk`: a running desk; the same `name` again is the same desk, started anew."""
    if not READS_MAIL:
        pytest.skip("this desk reads no mail yet")

    def make(name: str = "desk", **changes: Any) -> AbstractAsyncContextManager[MailDesk]:
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(company, folder)
        return mail_desk(post, folder, **changes)

    return make


@pytest.fixture
async def desk(new_desk: NewDesk) -> AsyncIterator[MailDesk]:
    """A desk that Exim hands its mail to."""
    async with new_desk() as running:
        yield running
