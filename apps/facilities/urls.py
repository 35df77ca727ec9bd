"""Pages of facilities, hamlets and practitioners."""

from django.urls import path

from apps.facilities.views import facilities as views
from apps.facilities.views import reforms

app_name = "facilities"

urlpatterns = [
    path("", views.facility_list, name="list"),
    path("tinh-hinh/", views.standing_page, name="standing"),
    path("sap-xep/", reforms.reforms, name="reforms"),
    path("sap-xep/moi/", reforms.reform_new, name="reform_new"),
    path("sap-xep/<uuid:pk>/", reforms.reform, name="reform"),
    path("sap-xep/<uuid:pk>/viec/", reforms.reform_act, name="reform_act"),
    path("<uuid:pk>/", views.facility_page, name="page"),
    path("<uuid:pk>/sua/", views.facility_edit, name="edit"),
    path("<uuid:pk>/diem-tram/moi/", views.point_new, name="point_new"),
    path("<uuid:pk>/thon/moi/", views.hamlet_new, name="hamlet_new"),
    path("<uuid:pk>/nhan-luc/moi/", views.practitioner_new, name="practitioner_new"),
    path("thon/<uuid:pk>/sua/", views.hamlet_edit, name="hamlet_edit"),
    path("thon/<uuid:pk>/dia-ban/", views.catchment_change, name="catchment_change"),
    path("nhan-luc/<uuid:pk>/sua/", views.practitioner_edit, name="practitioner_edit"),
]
