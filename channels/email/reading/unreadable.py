"""The one refusal of reading."""

from dataclasses import dataclass


@dataclass(eq=False)
class LetterUnreadable(Exception):
    """This mail is put aside with its raw bytes, for a person to look at.

    Attributes:
        reason: "too_large", "empty", "overrun" (processor time, memory or clock, also when read plainly), "broken" (the
            reader failed, a fault of ours), "answer_refused" (the reader said something that is no letter) or
            "left_in_mailbox" (what was kept of it is its header at most).
    """

    reason: str

    @property
    def for_good(self) -> bool:
        """Reading it again would end the same; what broke on our side may be whole again the next time."""
        return self.reason != "broken"

    def __str__(self) -> str:
        return f"mail unreadable: {self.reason}"
