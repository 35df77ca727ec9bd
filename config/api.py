"""The API's addresses, /api/...: one line a room that offers some.

`/api/` is the page for people, `schema/` the OpenAPI description for programs.
"""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from apps.care import api as care
from apps.core.access import signed_in
from apps.encounters import api as encounters
from apps.encounters import template_api as templates
from apps.encounters.certificates import api as certificates
from apps.encounters.dispensing import api as dispensing
from apps.encounters.ordering import api as orders
from apps.households import api as households
from apps.ncd import api as ncd
from apps.patients import api as patients
from apps.stock import api as stock
from config.api_page import page_of

router = SimpleRouter(use_regex_path=False)
patients.register(router)
households.register(router)
care.register(router)
stock.register(router)
encounters.register(router)
orders.register(router)
templates.register(router)
dispensing.register(router)
certificates.register(router)
ncd.register(router)

urlpatterns = [
    path("", page_of(router), name="api-page"),
    path("", include(router.urls)),
    path("schema/", signed_in(SpectacularAPIView.as_view()), name="api-schema"),
]
