"""What happens on a desk, as boards of a period count it."""

from enum import IntFlag


class Happening(IntFlag):
    """One kind of thing that happens at an instant. The numbers are stored: none is ever used for another kind."""

    OPENED = 1
    RESOLVED = 2
    CLOSED = 4
    REOPENED = 8
    HANDOVER = 16  # from the bot to people
    REPLIED = 32
    HELD = 64  # an agent's holding of a case ended
    ENDED = 128  # a clock
    BREACHED = 256  # a clock's time ran out
    BEGUN = 512  # a conversation
    ASKED = 1_024  # a customer, how it was
    ANSWERED = 2_048  # and what they said


NOTHING = Happening(0)
EVERYTHING = Happening(sum(Happening))
