"""Addresses of the till, under /kham/ like the visit they belong to."""

from django.urls import path

from apps.encounters.views import cash, cash_lists, money

urlpatterns = [
    path("<uuid:pk>/thu-tien/", money.bill, name="bill"),
    path("<uuid:pk>/thu-tien/thu/", money.take, name="take"),
    path("<uuid:pk>/thu-tien/khoan/", money.line_add, name="fee_add"),
    path("<uuid:pk>/thu-tien/cach-tinh/", money.terms, name="fee_terms"),
    path("khoan-thu/<uuid:pk>/bo/", money.line_drop, name="fee_drop"),
    path("bien-lai/<uuid:pk>/", money.receipt, name="receipt"),
    path("bien-lai/<uuid:pk>/da-thu/", money.receipt_paid, name="receipt_paid"),
    path("bien-lai/<uuid:pk>/huy/", money.receipt_void, name="receipt_void"),
    path("bien-lai/<uuid:pk>/hoan-tien/", money.refund, name="refund"),
    path("bien-lai/<uuid:pk>/bien-lai.pdf", money.receipt_pdf, name="receipt_pdf"),
    path("so-quy/", cash.day, name="cash"),
    path("so-quy/so-quy.pdf", cash.day_pdf, name="cash_pdf"),
    path("so-quy/khoan-khac/", cash.move, name="cash_move"),
    path("so-quy/khoan-khac/<uuid:pk>/bo/", cash.move_drop, name="cash_move_drop"),
    path("so-quy/khoa/", cash.close, name="cash_close"),
    path("so-quy/<uuid:pk>/xac-nhan/", cash.confirm, name="cash_confirm"),
    path("so-quy/<uuid:pk>/mo-lai/", cash.reopen, name="cash_reopen"),
    path("so-quy/cac-ngay/", cash_lists.days, name="cash_days"),
    path("so-quy/cac-ngay.xlsx", cash_lists.days_xlsx, name="cash_days_xlsx"),
    path("so-quy/chua-thu/", cash_lists.unpaid, name="unpaid"),
    path("so-quy/cho-thu/", cash_lists.waiting, name="waiting_receipts"),
    path("so-quy/hoan-tien/", cash_lists.refunds, name="refunds"),
    path("so-quy/tai-khoan/", cash_lists.bank_account, name="bank_account"),
]
