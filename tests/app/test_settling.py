"""What the desk has loaded is not walked through by the garbage collector again."""

import gc

from app.settling import settle


def test_what_is_loaded_is_left_alone_and_what_comes_later_is_collected() -> None:
    try:
        loaded = ["something that is loaded once"]
        settle()
        assert not _walked(loaded)
        comes_later = ["something of one request"]
        assert _walked(comes_later)
    finally:
        gc.unfreeze()


def _walked(thing: list[str]) -> bool:
    return any(one is thing for one in gc.get_objects())
