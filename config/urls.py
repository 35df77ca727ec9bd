"""All addresses. One line a room, ground to roof; each room keeps its own urls.py."""

from django.contrib import admin
from django.urls import include, path

from config.health import health

urlpatterns = [
    path("khoe", health, name="health"),
    path("", include("apps.core.urls")),
    path("", include("apps.facilities.urls_accounts")),
    path("co-so/", include("apps.facilities.urls")),
    path("", include("apps.catalogues.urls")),
    path("", include("apps.outage.urls")),
    path("cuoi-ngay/", include("apps.shifts.urls")),
    path("", include("apps.patients.urls")),
    path("", include("apps.care.urls")),
    path("", include("apps.households.urls")),
    path("thon/", include("apps.field.urls")),
    path("kho/", include("apps.stock.urls")),
    path("kham/", include("apps.encounters.urls")),
    path("man-tinh/", include("apps.ncd.urls")),
    path("dong-bo/", include("apps.sync.urls")),
    path("sao-luu/", include("apps.backup.urls")),
    path("nhat-ky/", include("apps.oversight.urls")),
    path("api/", include("config.api")),
    path("quan-tri/", admin.site.urls),
]
