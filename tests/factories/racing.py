"""Two people at once: works that begin at the same moment, or meet at one place in the middle."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each said, begun at the same moment on connections of their own."""
    together, said = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            together.wait(10)
            said[place] = work()
        except Exception as error:
            said[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    return said


def meet_after(monkeypatch: pytest.MonkeyPatch, *places: tuple[Any, str], seconds: float = 1.5) -> None:
    """Whoever has passed one of these functions waits there for the other, who stands before what the first
    holds: with two orders of locks both come so far and then wait for ever; with one the second never comes,
    and the first goes on after some seconds.
    """
    meeting = threading.Barrier(2)

    def waiting(real: Callable[..., Any]) -> Callable[..., Any]:
        def passed(*args: Any, **kwargs: Any) -> Any:
            found = real(*args, **kwargs)
            try:
                meeting.wait(seconds)
            except threading.BrokenBarrierError:
                pass  # the other one is behind us, as it should be
            return found

        return passed

    for owner, name in places:
        monkeypatch.setattr(owner, name, waiting(getattr(owner, name)))
