"""For `make bench` only: says in headers what a request cost: statements to the database, processor time.

Switched on by TRAMYTE_BENCH=1, which production settings refuse.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

HEADER = "X-Tramyte-Queries"
CPU_HEADER = (
    "X-Tramyte-Cpu-Ms"  # of this thread: what remains of a request's time when nobody else works here
)


class CountQueries:
    """The outermost middleware: sessions, the user and the scope are counted with the page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        count = 0
        began = time.thread_time()

        def counted(execute: Callable[..., Any], *args: Any) -> Any:
            nonlocal count
            count += 1
            return execute(*args)

        with connection.execute_wrapper(counted):
            response = self.get_response(request)
        response[HEADER] = str(count)
        response[CPU_HEADER] = f"{(time.thread_time() - began) * 1000:.1f}"
        return response
