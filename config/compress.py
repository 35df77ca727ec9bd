"""Pages and answers of programs are compressed: a station's line is slow, and a page is mostly markup.

Against BREACH (docs/decisions/0015): the CSRF token is masked anew in each answer, the length of each is
blurred (GZipMiddleware writes up to `max_random_bytes` of chance), and no other site can make a browser ask
for a page with its session (SameSite=Lax). Files stay as they are: they are sealed or packed already.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = ("text/html", "application/json", "application/vnd.oai.openapi")


class Compressed(GZipMiddleware):
    """GZip for text that is made for one request; never for a file."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.get("Content-Type", "").startswith(COMPRESSED):
            return response
        return super().process_response(request, response)
