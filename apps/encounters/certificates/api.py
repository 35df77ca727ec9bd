"""Issued papers over the API, to be read: for claims (tables XML11, 13, 14) and the centre above."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.db.models import Prefetch, QuerySet
from rest_framework import serializers
from rest_framework.routers import BaseRouter

from apps.core.api import ScopedViewSet, masked
from apps.core.scope import current
from apps.encounters.models import (
    Certificate,
    CertificateKind,
    CertificateState,
    ReferralAnswer,
)

NUMBERS = ("holder", "receiver_identity")  # of what was typed: numbers of people


class AnswerSerializer(serializers.ModelSerializer):
    class Meta:
        model = ReferralAnswer
        fields = ["kind", "on", "number", "diagnosis", "treatment", "advice"]


class CertificateSerializer(serializers.ModelSerializer):
    """`said` is what was typed into the form of the kind; numbers of people are masked by right."""

    said = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()

    class Meta:
        model = Certificate
        fields = [
            "id", "version", "updated_at", "kind", "number", "on", "issued_at", "state", "person", "facility",
            "visit", "death", "since", "until", "destination", "signer", "signer_name", "said", "answered",
            "answer", "cancel_reason", "cancelled_at",
        ]  # fmt: skip

    def get_said(self, row: Certificate) -> dict[str, Any]:
        if current().can("people.export"):
            return dict(row.said)
        hidden = {name: masked(str(row.said[name])) for name in NUMBERS if row.said.get(name)}
        return {**row.said, **hidden}

    def get_answer(self, row: Certificate) -> dict[str, Any] | None:
        standing = [each for each in row.answers.all() if not each.in_error]
        return dict(AnswerSerializer(standing[0]).data) if standing else None


class CertificateFilter(django_filters.rest_framework.FilterSet):
    kind = django_filters.ChoiceFilter(choices=CertificateKind.choices)
    state = django_filters.ChoiceFilter(choices=CertificateState.choices)
    answered = django_filters.BooleanFilter()
    since = django_filters.DateFilter(field_name="on", lookup_expr="gte")
    until = django_filters.DateFilter(field_name="on", lookup_expr="lte")
    visit = django_filters.UUIDFilter(field_name="visit_id")
    person = django_filters.UUIDFilter(field_name="person_id")
    changed_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")


class CertificateViewSet(ScopedViewSet):
    """The papers that the scope's stations have issued, newest first."""

    right = "certificates.view"
    screen = "certificate.api"
    order = ("-issued_at", "-id")
    serializer_class = CertificateSerializer
    filterset_class = CertificateFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Certificate.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Certificate]:
        # The answers are unscoped: whoever sees the paper sees what came back.
        return Certificate.objects.prefetch_related(Prefetch("answers", ReferralAnswer.unscoped.all()))

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [row.person_id for row in rows]


def register(router: BaseRouter) -> None:
    router.register("certificates", CertificateViewSet, basename="certificates")
