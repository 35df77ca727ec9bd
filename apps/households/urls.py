from django.urls import path

from apps.households import views

app_name = "households"

urlpatterns = [
    path("ho/", views.household_list, name="list"),
    path("ho/moi/", views.create, name="create"),
    path("ho/<uuid:pk>/", views.household, name="household"),
    path("ho/<uuid:pk>/sua/", views.edit, name="edit"),
    path("ho/<uuid:pk>/thanh-vien/", views.member_add, name="member_add"),
    path("ho/<uuid:pk>/nguoi-moi/", views.member_new, name="member_new"),
    path("ho/<uuid:pk>/thanh-vien/<uuid:member>/roi/", views.member_leave, name="member_leave"),
    path("ho/<uuid:pk>/thanh-vien/<uuid:member>/quan-he/", views.member_relation, name="member_relation"),
    path("ho/<uuid:pk>/thanh-vien/<uuid:member>/chu-ho/", views.head_change, name="head_change"),
]
