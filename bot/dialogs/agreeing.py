"""Whether somebody says that it is solved."""

from bot.understanding import Intent, Understanding
from bot.understanding.phrases import phrases_of_a_solution
from bot.understanding.problems import troubled


def agrees(said: Understanding) -> bool:
    """Said in so many words, or understood where no word of trouble stands beside it: "thanks for nothing, it fails".

    Who asks has not agreed: "all good?".
    """
    if "?" in said.text:
        return False
    if phrases_of_a_solution().intent(said.text) is Intent.AFFIRM:
        return True
    return said.intent in (Intent.AFFIRM, Intent.THANK) and (said.confidence == 1.0 or not troubled(said.text))
