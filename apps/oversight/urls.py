from django.urls import path

from apps.oversight import views

app_name = "oversight"

urlpatterns = [
    path("", views.acts, name="acts"),
    path("thao-tac/<uuid:pk>/", views.act, name="act"),
    path("luot-xem/", views.looks, name="looks"),
    path("luot-xem/<uuid:pk>/", views.look, name="look"),
    path("nguoi/<uuid:pk>/", views.person, name="person"),
    path("niem-phong/", views.seals, name="seals"),
    path("xuat/<str:log>/", views.export, name="export"),
]
