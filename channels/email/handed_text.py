"""The text of a mail while it is handed over (RFC 5321, 4.5.2): one growing buffer, whatever its lines are like."""

LINE_END = b"\r\n"
END = b"\r\n.\r\n"
BEGUN = [END[:length] for length in range(len(END) - 1, 0, -1)]
"""What may be cut off of the end at the border of two chunks, longest first."""


class HandedText:
    """Takes chunks cut anywhere, finds the end, and takes away the dots that were put before dots.

    CR LF alone ends a line. Beside a CR or LF by itself a dot is text, as it was to every server on the way: else one
    mail could be made to end early, and what follows be taken for commands.
    """

    def __init__(self) -> None:
        self._text = bytearray()
        self._held = LINE_END  # of the command before it: the end may stand in the very first line
        self._wanted = True
        self.rest: bytes | None = None
        """What came behind the end; None until that has come."""

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self._text)

    def take(self, chunk: bytes) -> None:
        here = self._held + chunk
        end = here.find(END)
        if end >= 0:
            lines, self.rest = here[: end + len(LINE_END)], here[end + len(END) :]
        else:
            self._held = next((one for one in BEGUN if here.endswith(one)), b"")
            lines = here[: len(here) - len(self._held)]
        if self._wanted:
            self._text += lines.replace(b"\r\n.", LINE_END)

    def let_go(self) -> None:
        """It is not kept: the end is found all the same, and nothing is held until then."""
        self._text = bytearray()
        self._wanted = False

    def whole(self) -> bytes:
        """The text as it was written."""
        return bytes(memoryview(self._text)[len(LINE_END) :])
