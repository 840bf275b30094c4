"""A post office a test: its servers start in a tenth of a second."""

import os
from collections.abc import AsyncIterator, Callable

import pytest

from tests.mail.customers import Customer
from tests.mail.post import Post
from tests.mail.programs import lacking

NewCustomer = Callable[..., Customer]


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
