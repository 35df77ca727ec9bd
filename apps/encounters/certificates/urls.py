"""Addresses of issued papers, under /kham/ like the visit that most of them end."""

from django.urls import path

from apps.encounters.views import certificates as views

urlpatterns = [
    path("giay/", views.index, name="certificates"),
    path("giay/chua-phan-hoi/", views.unanswered, name="unanswered"),
    path("giay/xuat/", views.export, name="certificates_export"),
    path("giay/bao-tu/<uuid:pk>/", views.death_notice, name="death_notice"),
    path("giay/<uuid:pk>/", views.certificate, name="certificate"),
    path("giay/<uuid:pk>/giay.pdf", views.paper_of, name="certificate_pdf"),
    path("giay/<uuid:pk>/huy/", views.cancel, name="certificate_cancel"),
    path("giay/<uuid:pk>/phan-hoi/", views.answer, name="referral_answer"),
    path("giay/<uuid:pk>/phan-hoi/nham/", views.answer_wrong, name="referral_answer_wrong"),
    path("<uuid:pk>/giay/<slug:slug>/", views.issue, name="certificate_issue"),
]
