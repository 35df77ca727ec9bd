"""Makes the next things in another thread while the caller is busy with the last one."""

from collections.abc import Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

from django.db import connections

T = TypeVar("T")
LOOK_SECONDS = 0.2  # how often a full or empty queue looks whether the other side has gone
_END = object()


def ahead(items: Iterator[T], depth: int = 1) -> Iterator[T]:
    """The same items, at most `depth` of them made before they are asked for. An error comes out here."""
    queue: Queue[Any] = Queue(depth)
    gone = Event()

    def put(item: Any) -> None:
        while not gone.is_set():
            try:
                return queue.put(item, timeout=LOOK_SECONDS)
            except Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(item)
                if gone.is_set():
                    return
            put(_END)
        except BaseException as error:
            put(error)
        finally:
            # A parameter read while making would keep a place of the pool after this thread has gone.
            connections.close_all()

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = queue.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            if item is _END:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        gone.set()
        thread.join()
