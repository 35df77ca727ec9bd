"""Follow-up forms over the API: the same queries and the same service as the pages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from apps.core.api import (
    KEY_HEADER,
    ScopedViewSet,
    StrictSerializer,
    Unwilling,
    once,
    refusal,
    stale,
    warnings,
)
from apps.core.errors import NeedsReason, Refused
from apps.core.versions import StaleVersion
from apps.encounters.models import Visit
from apps.encounters.writing import Problems
from apps.ncd import services
from apps.ncd.models import FollowUp, GlucoseKind, Programme, Reached, Taken


class FollowUpSerializer(serializers.ModelSerializer):
    class Meta:
        model = FollowUp
        fields = [
            "id", "version", "updated_at", "visit", "enrolment", "person", "facility", "programme", "on",
            "state", "systolic", "diastolic", "glucose", "glucose_kind", "hba1c", "cholesterol", "smoker",
            "complications", "adherence", "side_effects", "medicine_days", "medicines_until", "next_on",
            "aim_systolic", "aim_diastolic", "aim_hba1c", "computed", "computed_why", "target", "target_why",
            "risk", "risk_chart",
        ]  # fmt: skip


class FollowUpWriteSerializer(StrictSerializer):
    """The form of a visit in a programme, whole. `visit_version` is the visit's, `version` the form's own (0
    for a new one); `reason` amends that of a finished visit. `target` null is computed,
    `aim_…` null what the rules aim at."""

    visit = serializers.UUIDField()
    programme = serializers.ChoiceField(choices=Programme.choices)
    visit_version = serializers.IntegerField(min_value=1)
    version = serializers.IntegerField(min_value=0, required=False, default=0)
    glucose = serializers.DecimalField(5, 2, required=False, allow_null=True, default=None)
    glucose_kind = serializers.ChoiceField(
        choices=GlucoseKind.choices, required=False, default=GlucoseKind.FASTING
    )
    hba1c = serializers.DecimalField(4, 1, required=False, allow_null=True, default=None)
    cholesterol = serializers.DecimalField(4, 1, required=False, allow_null=True, default=None)
    smoker = serializers.BooleanField(required=False, allow_null=True, default=None)
    complications = serializers.ListField(
        child=serializers.CharField(max_length=20), required=False, default=list, max_length=20
    )
    adherence = serializers.ChoiceField(choices=Taken.choices, required=False, default="")
    side_effects = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    medicine_days = serializers.IntegerField(required=False, allow_null=True, default=None)
    next_on = serializers.DateField(required=False, allow_null=True, default=None)
    aim_systolic = serializers.IntegerField(required=False, allow_null=True, default=None)
    aim_diastolic = serializers.IntegerField(required=False, allow_null=True, default=None)
    aim_hba1c = serializers.DecimalField(4, 1, required=False, allow_null=True, default=None)
    target = serializers.ChoiceField(choices=Reached.choices, required=False, allow_null=True, default=None)
    target_why = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class FollowUpFilter(django_filters.FilterSet):
    """Declared by hand: a filterset made from the model would ask it for rows outside any scope."""

    on = django_filters.DateFilter()
    programme = django_filters.ChoiceFilter(choices=Programme.choices)
    person = django_filters.UUIDFilter(field_name="person_id")
    visit = django_filters.UUIDFilter(field_name="visit_id")
    changed_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")


class FollowUpViewSet(ScopedViewSet):
    """The forms of the scope's stations and of their people, newest first."""

    right = "ncd.view"
    rights = {"create": "ncd.enter"}
    screen = "ncd.api"
    order = ("-occurred_at", "-id")
    serializer_class = FollowUpSerializer
    filterset_class = FollowUpFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = FollowUp.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[FollowUp]:
        return FollowUp.objects.all()

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [form.person_id for form in rows]

    @extend_schema(request=FollowUpWriteSerializer, responses=FollowUpSerializer, parameters=[KEY_HEADER])
    def create(self, request: Request) -> Response:
        """Saves the form of an open visit, or amends a finished one's. 422 by field, 409 when outrun."""
        asked = FollowUpWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        form_id, now = once(request, lambda: _put(dict(asked.validated_data)))
        found = self.get_queryset().filter(pk=form_id).first()
        if found is None:  # restricted: kept, and not read back to a program
            return Response(status=204)
        return Response(self.shown([found])[0], status=201 if now else 200)


def _put(said: dict[str, Any]) -> UUID:
    """The form that was written, or the service's no as an answer."""
    visit_id, programme = said.pop("visit"), said.pop("programme")
    visit_version, version, reason = said.pop("visit_version"), said.pop("version"), said.pop("reason")
    try:
        return services.follow_up_put(
            visit_id=visit_id,
            programme=programme,
            visit_version=visit_version,
            expected_version=version,
            data=services.FollowUpInput(**said),
            reason=reason,
        ).pk
    except (Visit.DoesNotExist, PermissionDenied):
        raise Http404 from None
    except StaleVersion as outrun:
        raise stale(outrun, "Phiếu theo dõi vừa được người khác sửa.") from outrun
    except Problems as problems:
        raise Unwilling({problem.field: [problem.sentence] for problem in problems.problems}) from problems
    except Refused as refused:
        raise refusal(refused) from refused
    except NeedsReason as needed:
        raise warnings(needed) from needed


def register(router: BaseRouter) -> None:
    router.register("follow-ups", FollowUpViewSet, basename="follow-ups")
