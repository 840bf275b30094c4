"""What a mail may cost, checked before anything parses it. Beyond a cap the rest is left out and named in `odd`."""

from dataclasses import dataclass

MAIL_BYTES_MAX = 32 * 1024 * 1024
"""Above what our own listener takes (25 MB), so that a hosted mailbox with a larger limit is read too."""
HEADER_BLOCK_BYTES_MAX = 256 * 1024
HEADER_BYTES_MAX = 32 * 1024
HEADERS_MAX = 500
PARAMETERS_BYTES_MAX = 4 * 1024
"""Of Content-Type and Content-Disposition, whose parameters are matched one by one."""
FROM_BYTES_MAX = 1_000
ADDRESSES_MAX = 200
IDS_MAX = 30
PARTS_MAX = 300
DEPTH_MAX = 20
TEXT_CHARS_MAX = 200_000
HTML_CHARS_MAX = 1_000_000
HTML_DEPTH_MAX = 200
"""The cleaner is quadratic in nesting: docs/decisions/0020-reading-mails.md"""
HTML_TAGS_MAX = 10_000
HTML_ENTITIES_MAX = 20_000
"""900 KB of `&` cost the cleaner 26 s."""
LINE_CHARS_MAX = 1_000
"""How much of a line the rules of quoting look at."""
NAME_CHARS_MAX = 120
SUBJECT_CHARS_MAX = 500
CALENDAR_BYTES_MAX = 100_000
REPORT_BYTES_MAX = 100_000
BOUNCES_MAX = 100


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one mail may cost in the process that reads it.

    Attributes:
        cpu_s: processor time for one try; a mail that needs more is read once again as plainly as can be.
        wall_s: the same by the clock on the wall, far longer: a busy machine is nobody's fault.
        memory_bytes: of the whole process (RLIMIT_AS).
        letters_max: after as many the process is replaced, so that nothing piles up.
    """

    cpu_s: float = 1.0
    wall_s: float = 8.0
    memory_bytes: int = 256 * 1024 * 1024
    letters_max: int = 1_000
