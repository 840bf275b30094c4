"""What is known against an address is known against no other."""

from customers.reachability import written


def test_an_address_is_known_in_one_form():
    assert written("email", " Kim@Corner.example") == "kim@corner.example"
    assert written("email", " Kim@desk") == "kim@desk"


def test_what_happened_to_another_mailbox_happened_to_no_other():
    for other in ("\u212aim@corner.example", "\uff4bim@corner.example", "k\u0130m@corner.example"):
        assert written("email", other) != "kim@corner.example"
