from django.urls import path

from apps.core import alive, views

app_name = "core"

urlpatterns = [
    path("", views.home, name="home"),
    path("tim/", views.search_page, name="search"),
    path("tim/nhanh/", views.search_live, name="search_live"),
    path("viec/<uuid:pk>/", views.job, name="job"),
    path("phien/", alive.alive, name="alive"),
    path("giay/<str:code>/", views.paper, name="paper"),
]
