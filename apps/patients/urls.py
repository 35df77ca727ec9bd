from django.urls import path

from apps.patients import views

app_name = "patients"

urlpatterns = [
    path("nguoi/moi/", views.create, name="create"),
    path("nguoi/moi/the/", views.create_scanned, name="create_scanned"),
    path("nguoi/<uuid:pk>/", views.person, name="person"),
    path("nguoi/<uuid:pk>/sua/", views.edit, name="edit"),
    path("nguoi/<uuid:pk>/giay-to/", views.identifier_add, name="identifier_add"),
    path("nguoi/<uuid:pk>/the-bhyt/", views.card_add, name="card_add"),
    path("nguoi/<uuid:pk>/di-ung/", views.allergy_add, name="allergy_add"),
    path("nguoi/<uuid:pk>/di-ung/<uuid:allergy>/", views.allergy_close, name="allergy_close"),
]
