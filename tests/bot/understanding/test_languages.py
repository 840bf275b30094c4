"""Other languages are noticed when they are plain; English never is one."""

import pytest
import yaml

from bot.understanding import Names, Understander
from bot.understanding.examples import english_examples
from bot.understanding.languages import language_of
from bot.understanding.phrases import data_text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Meine Bestellung ist nicht angekommen", "de"),
        ("Die Kasse geht nicht mehr, bitte helfen Sie uns", "de"),
        ("Wo ist meine Lieferung?", "de"),
        ("el pedido no ha llegado", "es"),
        ("Hola, ¿dónde está mi factura?", "es"),
        ("Ma commande n'est pas arrivée", "fr"),
        ("Où est notre livraison, s’il vous plaît ?", "fr"),
        ("Gdzie jest moje zamówienie?", "pl"),
        ("kasa nie działa od wczoraj", "pl"),
        ("il mio ordine non è arrivato", "other"),
        ("mijn bestelling is niet gekomen, ik wil het graag weten", "other"),
        ("где мой заказ", "other"),
        ("我的订单在哪里", "other"),
        ("أين طلبي من فضلك", "other"),
        ("hola amigo", "en"),
        ("guten Tag", "en"),
        ("Li de la Cruz from Mill Lane is here about the till", "en"),
        ("CAS-01041-V9D3 ana@shop.example", "en"),
        ("", "en"),
    ],
)
async def test_a_language(text: str, language: str) -> None:
    assert (await Understander(None, Names).understand(text)).language == language


def test_english_is_english() -> None:
    phrases = [text for texts in yaml.safe_load(data_text("phrases.en.yaml")).values() for text in texts]
    for text in [*phrases, *(text for texts in english_examples().values() for text in texts)]:
        assert language_of(text) == "en", text
