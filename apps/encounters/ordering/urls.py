"""Addresses of orders, results, procedures and files, under /kham/."""

from django.urls import path

from apps.encounters.views import attachments, order_papers, procedures, results, traditional
from apps.encounters.views import orders as views

orders = [
    path("cho-thuc-hien/", views.waiting, name="orders_waiting"),
    path("nhom-chi-dinh/", views.sets, name="order_sets"),
    path("nhom-chi-dinh/<uuid:pk>/", views.set_edit, name="order_set"),
    path("<uuid:pk>/chi-dinh/", views.of_visit, name="orders"),
    path("<uuid:pk>/chi-dinh/them/", views.place, name="orders_place"),
    path("<uuid:pk>/phieu-chi-dinh.pdf", order_papers.order_slip, name="order_slip"),
    path("<uuid:pk>/phieu-ket-qua.pdf", order_papers.result_slip, name="result_slip"),
    path("<uuid:pk>/tep/", attachments.add, name="attach"),
    path("<uuid:pk>/thuoc-thang/", traditional.formula, name="formula_new"),
    path("chi-dinh/<uuid:pk>/", results.order, name="order"),
    path("chi-dinh/<uuid:pk>/ket-qua/", results.enter, name="result_enter"),
    path("chi-dinh/<uuid:pk>/duyet/", results.verify, name="result_verify"),
    path("chi-dinh/<uuid:pk>/sua/", results.correct, name="result_correct"),
    path("chi-dinh/<uuid:pk>/huy/", views.cancel, name="order_cancel"),
    path("chi-dinh/<uuid:pk>/nhap-nham/", views.in_error, name="order_in_error"),
    path("chi-dinh/<uuid:pk>/phieu/", procedures.sheet, name="sheet"),
    path("chi-dinh/<uuid:pk>/theo-doi/", procedures.row, name="sheet_row"),
    path("chi-dinh/<uuid:pk>/mo-lai/", procedures.reopen, name="sheet_reopen"),
    path("chi-dinh/<uuid:pk>/buoi/", procedures.sitting, name="sitting"),
    path("chi-dinh/<uuid:pk>/ket-thuc/", procedures.course_end, name="course_end"),
    path("chi-dinh/<uuid:pk>/phieu.pdf", order_papers.order_paper, name="order_paper"),
    path("theo-doi/<uuid:pk>/nhap-nham/", procedures.row_in_error, name="sheet_row_in_error"),
    path("buoi/<uuid:pk>/nhap-nham/", procedures.sitting_in_error, name="sitting_in_error"),
    path("tep/<uuid:pk>/", attachments.take, name="attachment"),
    path("tep/<uuid:pk>/nhap-nham/", attachments.in_error, name="attachment_in_error"),
    path("thuoc-thang/<uuid:pk>/nhap-nham/", traditional.formula_in_error, name="formula_in_error"),
    path("thuoc-thang/<uuid:pk>.pdf", order_papers.formula, name="formula"),
]
