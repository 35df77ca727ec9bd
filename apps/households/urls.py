from django.urls import path

from apps.households import exchange, views

app_name = "households"

urlpatterns = [
    path("ho/", views.household_list, name="list"),
    path("ho/moi/", views.create, name="create"),
    path("ho/nhap/", exchange.upload, name="import"),
    path("ho/nhap/mau.xlsx", exchange.template, name="import_template"),
    path("ho/nhap/<uuid:pk>/", exchange.batch, name="import_batch"),
    path("ho/nhap/<uuid:pk>/chay/", exchange.start, name="import_start"),
    path("ho/xuat/", exchange.export, name="export"),
    path("ho/<uuid:pk>/", views.household, name="household"),
    path("ho/<uuid:pk>/sua/", views.edit, name="edit"),
    path("ho/<uuid:pk>/thanh-vien/", views.member_add, name="member_add"),
    path("ho/<uuid:pk>/nguoi-moi/", views.member_new, name="member_new"),
    path("ho/<uuid:pk>/thanh-vien/<uuid:member>/roi/", views.member_leave, name="member_leave"),
    path("ho/<uuid:pk>/thanh-vien/<uuid:member>/quan-he/", views.member_relation, name="member_relation"),
    path("ho/<uuid:pk>/thanh-vien/<uuid:member>/chu-ho/", views.head_change, name="head_change"),
]
