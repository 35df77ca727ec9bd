"""Addresses of the paper for an outage and of back-entry."""

from django.urls import path

from apps.outage import views

app_name = "outage"
urlpatterns = [
    path("du-phong/", views.index, name="index"),
    path("du-phong/<uuid:pk>/", views.slips, name="slips"),
    path("du-phong/<uuid:pk>/goi.pdf", views.pack_paper, name="pack"),
    path("nhap-bu/", views.entries, name="entries"),
    path("nhap-bu/xuat/", views.export, name="export"),
    path("nhap-bu/phieu/<str:code>/", views.slip, name="slip"),
    path("nhap-bu/<slug:kind>/", views.enter, name="enter"),
    path("nhap-bu/<slug:kind>/dong/", views.row, name="row"),
]
