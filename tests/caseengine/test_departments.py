"""How a department signs."""

import pytest

from caseengine.departments import Department, signature_of

SIGNED = {"en": "{agent}, {department}", "de": "Ihr {agent}\n{company}"}


@pytest.mark.parametrize(
    ("signatures", "language", "expected"),
    [
        (SIGNED, "de-AT", "Ihr Li {company}\nShop"),
        (SIGNED, "en", "Li {company}, Tills"),
        (SIGNED, "fr", "Li {company}, Tills"),
        (SIGNED, "", "Li {company}, Tills"),
        ({"de": "Ihr {agent}"}, "fr", "Li {company}"),
        ({}, "en", "Li {company}"),
    ],
)
def test_in_the_customers_language_else_in_english_else_by_name_alone(signatures, language, expected):
    department = Department("tills", "Tills", (), signatures)
    assert signature_of(department, language, agent="Li {company}", company="Shop") == expected
