"""How long the desk waits for a mail server at each stage. Source: RFC 5321, 4.5.3.2."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Whoever hangs up sooner leaves mails in doubt that a busy server, or one that looks for viruses, has taken.

    Attributes:
        command_s: for a connection, and for each answer up to the last recipient's.
        taken_s: from the end of the text to the answer that it was taken.
        bytes_a_second: a line that is slower than this over a whole text is given up.
        leaving_s: for an answer to the farewell, which nobody needs.
    """

    command_s: float = 300.0
    taken_s: float = 600.0
    bytes_a_second: int = 8 * 1024
    leaving_s: float = 5.0

    def for_text(self, size: int) -> float:
        """Seconds from DATA to the answer that a text of so many bytes was taken."""
        return self.taken_s + size / self.bytes_a_second


STANDARD = Patience()
