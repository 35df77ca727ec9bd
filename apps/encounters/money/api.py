"""Receipts over the API, to be read: for accounting and for the cash book of the district. No diagnosis."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.db.models import Prefetch, QuerySet
from rest_framework import serializers

from apps.core.api import ScopedViewSet
from apps.encounters.models import Receipt, ReceiptLine, Refund, Visit


class ReceiptLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = ReceiptLine
        fields = [
            "position", "source", "code", "text", "quantity", "price", "amount", "fund", "programme",
            "patient",
        ]  # fmt: skip


class RefundSerializer(serializers.ModelSerializer):
    class Meta:
        model = Refund
        fields = ["number", "on", "amount", "method", "reason", "book_on"]


class ReceiptSerializer(serializers.ModelSerializer):
    lines = ReceiptLineSerializer(many=True)
    refunds = RefundSerializer(many=True)

    class Meta:
        model = Receipt
        fields = [
            "id", "version", "updated_at", "number", "on", "state", "visit", "person", "facility", "payer",
            "level", "total", "fund", "programme", "patient", "relief", "payable", "method", "paid_at",
            "book_on", "void_reason", "replaces", "lines", "refunds",
        ]  # fmt: skip


class ReceiptFilter(django_filters.rest_framework.FilterSet):
    state = django_filters.CharFilter()
    since = django_filters.DateFilter(field_name="on", lookup_expr="gte")
    until = django_filters.DateFilter(field_name="on", lookup_expr="lte")
    visit = django_filters.UUIDFilter(field_name="visit_id")
    changed_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")


class ReceiptViewSet(ScopedViewSet):
    """The receipts of the scope's stations whose visits it sees, newest first."""

    right = "money.view"
    screen = "money.api"
    order = ("-on", "-id")
    serializer_class = ReceiptSerializer
    filterset_class = ReceiptFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Receipt.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Receipt]:
        # The parts are unscoped: whoever sees the receipt's visit sees them.
        return Receipt.objects.filter(visit__in=Visit.objects.all()).prefetch_related(
            Prefetch("lines", ReceiptLine.unscoped.order_by("position")),
            Prefetch("refunds", Refund.unscoped.order_by("created_at")),
        )

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [receipt.person_id for receipt in rows]
