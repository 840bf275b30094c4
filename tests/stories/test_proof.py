"""Who may read what: proof by code, and words that give nothing away."""

from uuid import uuid4

from caseengine.model.number import format_number
from tests.desk import Customer, Desk

PRIYA = "priya@harvest-corner.example"
STRANGER = "nobody@elsewhere.example"


async def opens_a_case(customer: Customer, text: str, address: str) -> str:
    """From the first word to the number."""
    await customer.says(f"Please open a case: {text}")
    for _ in range(4):
        if "What is it about" in customer.heard:
            await customer.says("Deliveries")
        elif "reach you" in customer.heard:
            await customer.says(address)
        else:
            break
    await customer.says("Yes, open it")
    return customer.number


async def test_the_code_from_the_mailbox_proves_who_they_are(desk: Desk) -> None:
    priya = await desk.visitor()
    await priya.says("What is the status of my cases?")
    assert "e-mail address do we have on file" in priya.heard, priya.heard

    await priya.says(PRIYA)
    assert f"If {PRIYA} is on file" in priya.heard
    await priya.says(desk.code_sent_to(PRIYA))

    assert "Thank you, Priya Nair" in priya.heard, priya.heard
    assert "CAS-" in priya.heard


async def test_unknown_number_and_somebody_elses_sound_the_same(desk: Desk) -> None:
    ana, eve = await desk.visitor(), await desk.visitor()
    number = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")
    unknown = format_number(99_999, 77)

    await eve.says(f"What is the status of {number}?")
    of_another = eve.heard.replace(number, "N")
    await eve.says("never mind")
    await eve.says(f"What is the status of {unknown}?")

    assert eve.heard.replace(unknown, "N") == of_another


async def test_address_on_file_and_unknown_address_sound_the_same(desk: Desk) -> None:
    one, other = await desk.visitor(), await desk.visitor()
    await one.says("status of my cases")
    await other.says("status of my cases")

    await one.says(PRIYA)
    await other.says(STRANGER)

    assert one.heard.replace(PRIYA, "X") == other.heard.replace(STRANGER, "X")
    assert one.offered == other.offered
    assert desk.mails_to(STRANGER) == []


async def test_a_wrong_code_five_times_ends_it(desk: Desk) -> None:
    eve = await desk.visitor()
    await eve.says("status of my cases")
    await eve.says(PRIYA)
    right = desk.code_sent_to(PRIYA)
    wrong = "00000000" if right != "00000000" else "11111111"

    heard = []
    for _ in range(5):
        await eve.says(wrong)
        heard.append(eve.heard)

    assert "4 more tries" in heard[0], heard
    assert "one more try" in heard[3], heard
    assert "can't be used any more" in heard[4], heard
    await eve.says(right)
    assert "Priya" not in eve.heard


async def test_what_was_opened_before_the_proof_belongs_to_them_afterwards(desk: Desk) -> None:
    priya = await desk.visitor()
    number = await opens_a_case(priya, "three cases of milk are missing from order ORD-118822", PRIYA)
    assert (await desk.case(number)).contact_id is None

    await priya.proves(PRIYA)

    assert (await desk.case(number)).contact_id is not None


async def test_status_without_an_account_by_number_and_code(desk: Desk) -> None:
    ana = await desk.visitor()
    number = await opens_a_case(ana, "the pallet arrived damaged", "newcomer@corner.example")
    again = await desk.visitor()

    await again.says(f"How is {number}?")
    assert number in again.heard
    assert "address was given" in again.heard, again.heard
    await again.says("newcomer@corner.example")
    await again.says(desk.code_sent_to("newcomer@corner.example"))

    assert "damaged" in again.heard, again.heard


async def test_a_mistyped_number_is_pointed_out_not_guessed(desk: Desk) -> None:
    ana = await desk.visitor()
    number = format_number(1_041, 5)
    slip = number[:-1] + ("A" if number[-1] != "A" else "B")

    await ana.says(f"status of {slip}")

    assert "must be a slip" in ana.heard, ana.heard


async def test_proof_expires_when_the_conversation_lies_idle(desk: Desk) -> None:
    priya = await desk.visitor()
    await priya.proves(PRIYA)
    desk.clock.passes(minutes=31)

    await priya.says("What is the status of my cases?")

    assert f"If {PRIYA} is on file" in priya.heard, priya.heard
    assert priya.numbers == []


async def test_a_manager_sees_the_cases_of_all_shops_below(desk: Desk) -> None:
    desmond = await desk.visitor()
    await desmond.proves("desmond@harvest-corner.example")
    await desmond.says("status of my cases")
    tom = await desk.visitor()
    await tom.proves("tom@harvest-corner.example")
    await tom.says("status of my cases")

    assert len(desmond.numbers) > len(tom.numbers), (desmond.heard, tom.heard)


async def test_new_details_need_proof_and_a_new_address_needs_its_own(desk: Desk) -> None:
    priya = await desk.visitor()
    await priya.proves(PRIYA)
    new = f"priya.{uuid4().hex[:6]}@harvest-corner.example"

    await priya.says(f"Please change my e-mail address to {new}")
    assert new in priya.heard, priya.heard
    await priya.says("Yes")
    assert "once it is proved" in priya.heard, priya.heard
    await priya.says("Send the code")
    await priya.says(desk.code_sent_to(new))

    assert "Saved" in priya.heard, priya.heard


async def test_who_said_their_address_already_is_not_asked_again_and_sees_their_cases(desk: Desk) -> None:
    priya = await desk.visitor()
    number = await opens_a_case(priya, "three cases of milk are missing from order ORD-118822", PRIYA)
    await priya.says("What is the status of my cases?")
    assert number in priya.heard

    await priya.says("Show who I am")
    assert f"If {PRIYA} is on file" in priya.heard, priya.heard
    await priya.says(desk.code_sent_to(PRIYA))

    assert "Thank you, Priya Nair" in priya.heard
    assert number in priya.heard
    assert len(priya.numbers) > 1
    assert "None" not in priya.heard
