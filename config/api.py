"""The API's addresses, /api/...: one line a room that offers some. `schema/` is the OpenAPI description."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from apps.core import scope
from apps.core.access import signed_in
from apps.encounters import api as encounters
from apps.households import api as households
from apps.patients import api as patients

_describe = SpectacularAPIView.as_view()


@signed_in
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI description. It looks at models and never at rows, but asks them as if it would."""
    with scope.system("describe the API"):
        return _describe(request)


router = SimpleRouter(use_regex_path=False)
patients.register(router)
households.register(router)
encounters.register(router)

urlpatterns = [
    path("", include(router.urls)),
    path("schema/", schema, name="api-schema"),
]
