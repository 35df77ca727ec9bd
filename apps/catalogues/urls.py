from django.urls import path

from apps.catalogues import views

app_name = "catalogues"

urlpatterns = [
    path("danh-muc/", views.index, name="index"),
    path("danh-muc/chon/<slug:kind>/", views.pick, name="pick"),
    path("danh-muc/so-sanh/<uuid:upload_id>/", views.compared, name="compared"),
    path("danh-muc/so-sanh/<uuid:upload_id>/ap-dung/", views.apply, name="apply"),
    path("danh-muc/so-sanh/<uuid:upload_id>/bo/", views.drop, name="drop"),
    path("danh-muc/<slug:key>/", views.browse, name="browse"),
    path("danh-muc/<slug:key>/tep/", views.download, name="download"),
    path("danh-muc/<slug:key>/nap/", views.upload, name="upload"),
]
