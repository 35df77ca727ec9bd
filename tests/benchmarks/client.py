"""One signed-in nurse over HTTP; each request is timed and its cost noted."""

import re
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from config.measure import CPU_HEADER, HEADER

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class WrongAnswer(AssertionError):
    """The software answered something else than the scenario expects: a broken page must not count as
    fast."""


@dataclass(frozen=True)
class Shot:
    """One timed request: milliseconds, statements sent to the database, bytes of the body as it travelled,
    milliseconds of the web server's processor (without the database's)."""

    ms: float
    queries: int
    size: int
    cpu: float = 0.0


@dataclass
class Client:
    """A browser without pictures: cookies, the CSRF token, gzip, one connection kept open."""

    address: str
    username: str
    password: str
    place: int = 0  # which of the clients of this run
    memory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            base_url=self.address, timeout=20, headers={"Accept-Encoding": "gzip", "Accept-Language": "vi"}
        )
        self.token = ""

    def __enter__(self) -> Self:
        self.sign_in()
        self.token = _token(self.get("/").text)
        return self

    def sign_in(self) -> Shot:
        """Name and password; the shot is the post alone."""
        self.token = _token(self.http.get("/dang-nhap/").text)
        form = {"username": self.username, "password": self.password, "csrfmiddlewaretoken": self.token}
        began = time.perf_counter()
        answer = self.http.post("/dang-nhap/", data=form)
        if answer.status_code != 302:
            raise WrongAnswer(f"{self.username} could not sign in: {answer.status_code}")
        return self.shot(answer, began)

    def renew_token(self, html: str) -> None:
        """Take the CSRF token of a page: it changes with each session."""
        self.token = _token(html)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, path: str) -> httpx.Response:
        return self._expect(self.http.get(path), {200})

    def post(
        self, path: str, data: dict[str, Any], *, part: bool = False, refusable: bool = False
    ) -> httpx.Response:
        """A form post; `part` asks as htmx does, what is `refusable` may come back with a sentence (422)."""
        headers = {"X-CSRFToken": self.token, "Referer": self.address}
        if part:
            headers |= {"HX-Request": "true", "HX-Current-URL": f"{self.address}/"}
        wanted = {200, 204, 302, 422} if refusable else {200, 204, 302}
        return self._expect(self.http.post(path, data=data, headers=headers), wanted)

    def shot(self, answer: httpx.Response, began: float) -> Shot:
        return Shot(
            (time.perf_counter() - began) * 1000,
            int(answer.headers.get(HEADER, -1)),
            answer.num_bytes_downloaded,
            float(answer.headers.get(CPU_HEADER, 0)),
        )

    def _expect(self, answer: httpx.Response, wanted: set[int]) -> httpx.Response:
        if answer.status_code not in wanted:
            raise WrongAnswer(f"{answer.request.method} {answer.request.url.path}: {answer.status_code}")
        return answer


def _token(html: str) -> str:
    found = TOKEN.search(html) or re.search(r"&quot;X-CSRFToken&quot;: &quot;([^&]+)&quot;", html)
    if not found:
        raise WrongAnswer("the page carries no CSRF token")
    return found.group(1)
