"""Signing in and out, the own password; served inside facilities.urls_accounts under the name `accounts`."""

from django.urls import path

from apps.accounts import views

urlpatterns = [
    path("dang-nhap/", views.sign_in, name="sign_in"),
    path("dang-xuat/", views.sign_out, name="sign_out"),
    path("doi-mat-khau/", views.password, name="password"),
]
