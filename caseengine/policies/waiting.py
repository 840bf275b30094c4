"""How long somebody in a queue has to wait."""

from datetime import timedelta


def expected_wait(position: int, hands: int, handling: timedelta | None) -> timedelta | None:
    """When the agents get to the case at this place, if each goes on at the pace that was measured.

    Args:
        position: from 1.
        hands: how many cases are worked on at once: agents there, times what each does side by side.
        handling: mean working time of one case; None when nothing was measured.

    Returns:
        None when nobody is there, nothing was measured, or it waits for nobody.
    """
    if handling is None or hands < 1 or position < 1:
        return None
    return handling * position / hands
