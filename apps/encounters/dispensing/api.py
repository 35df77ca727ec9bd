"""Dispensings over the API: read, and give out once with the header `Idempotency-Key` (a UUID).

A program gives out as a person does: by the rights of its account, all or nothing, first expired first.
Controlled medicines then wait for the second person on the pages.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from apps.core.api import KEY_HEADER, ScopedViewSet, StrictSerializer, Unwilling, once, refusal, warnings
from apps.core.errors import NeedsReason, Refused
from apps.encounters.dispensing import services, states
from apps.encounters.dispensing.inputs import DispenseInput, Part
from apps.encounters.models import (
    Dispensing,
    DispensingLine,
    DispensingLot,
    MedicineReturn,
    MedicineReturnLine,
    Visit,
)
from apps.encounters.writing import Problems

MAX_LINES = 40


class LotSerializer(serializers.ModelSerializer):
    class Meta:
        model = DispensingLot
        fields = ["id", "lot", "lot_number", "expiry", "quantity"]


class DispensedLineSerializer(serializers.ModelSerializer):
    quantity = serializers.DecimalField(9, 2, coerce_to_string=False)
    prescribed = serializers.DecimalField(9, 2, coerce_to_string=False)
    drug_code = serializers.CharField(source="drug.code", default="")
    lots = LotSerializer(many=True)

    class Meta:
        model = DispensingLine
        fields = [
            "position", "line_id", "drug_code", "herb", "formula_id", "drug_name", "strength", "unit",
            "prescribed", "kind", "quantity", "item", "item_name", "item_unit", "taken", "programme",
            "reason", "agreed_by", "lots",
        ]  # fmt: skip


class ReturnLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = MedicineReturnLine
        fields = ["given", "quantity"]


class ReturnSerializer(serializers.ModelSerializer):
    lines = ReturnLineSerializer(many=True)

    class Meta:
        model = MedicineReturn
        fields = ["id", "at", "on", "reason", "left_station", "lines"]


class DispensingSerializer(serializers.ModelSerializer):
    lines = DispensedLineSerializer(many=True)
    returns = ReturnSerializer(many=True)

    class Meta:
        model = Dispensing
        fields = [
            "id", "version", "updated_at", "visit", "person", "facility", "on", "occurred_at", "location",
            "state", "performer", "end_reason", "lines", "returns",
        ]  # fmt: skip


class PartSerializer(StrictSerializer):
    """How a line is met; without `item` it is bought elsewhere."""

    line = serializers.UUIDField()
    quantity = serializers.DecimalField(9, 2)
    item = serializers.UUIDField(required=False, allow_null=True, default=None)
    taken = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    agreed_by = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class DispenseSerializer(StrictSerializer):
    """One act. `version` is the visit's, as it was read."""

    visit = serializers.UUIDField()
    version = serializers.IntegerField(min_value=1)
    location = serializers.UUIDField(required=False, allow_null=True, default=None)
    on = serializers.DateField(required=False, allow_null=True, default=None)
    recipient = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    recipient_paper = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    lines = serializers.ListField(child=PartSerializer(), max_length=MAX_LINES)
    override = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class DispensingFilter(django_filters.rest_framework.FilterSet):
    """Declared by hand: a filterset made from the model would ask it for rows outside any scope."""

    state = django_filters.ChoiceFilter(choices=list(states.TITLES.items()))
    visit = django_filters.UUIDFilter(field_name="visit_id")
    person = django_filters.UUIDFilter(field_name="person_id")
    on = django_filters.DateFilter()
    changed_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")


class DispensingViewSet(ScopedViewSet):
    """What was given out on the visits that the scope sees, newest first."""

    right = "dispensing.view"
    rights = {"create": "dispensing.enter"}
    screen = "dispensing.api"
    order = ("-occurred_at", "-id")
    serializer_class = DispensingSerializer
    filterset_class = DispensingFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Dispensing.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Dispensing]:
        """The acts with their parts, unscoped: whoever sees the act sees them."""
        lots = Prefetch("lots", DispensingLot.unscoped.order_by("pk"))
        back = Prefetch("lines", MedicineReturnLine.unscoped.order_by("pk"))
        lines = DispensingLine.unscoped.select_related("drug").prefetch_related(lots)
        returns = MedicineReturn.unscoped.prefetch_related(back)
        return Dispensing.objects.prefetch_related(
            Prefetch("lines", lines.order_by("position")), Prefetch("returns", returns.order_by("at"))
        )

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [act.person_id for act in rows]

    @extend_schema(request=DispenseSerializer, responses=DispensingSerializer, parameters=[KEY_HEADER])
    def create(self, request: Request) -> Response:
        """Gives out on a signed prescription, all of it or nothing. 422 by field."""
        asked = DispenseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        act_id, now = once(request, lambda: _given(asked.validated_data))
        found = self.get_queryset().filter(pk=act_id).first()
        if found is None:  # restricted: kept, and not read back to a program
            return Response(status=204)
        return Response(self.shown([found])[0], status=201 if now else 200)


def _given(said: Any) -> UUID:
    """The act that was written, or the service's no as an answer."""
    parts = [
        Part(row["line"], row["quantity"], row["item"], row["taken"], row["reason"], row["agreed_by"])
        for row in said["lines"]
    ]
    data = DispenseInput(parts, said["location"], said["on"], said["recipient"], said["recipient_paper"])
    try:
        act = services.dispense(
            visit_id=said["visit"], expected_version=said["version"], data=data, override=said["override"]
        )
    except (Visit.DoesNotExist, PermissionDenied):
        raise Http404 from None
    except Problems as problems:
        raise Unwilling({problem.field: [problem.sentence] for problem in problems.problems}) from problems
    except Refused as refused:
        raise refusal(refused) from refused
    except NeedsReason as needed:
        raise warnings(needed) from needed
    return act.pk


def register(router: BaseRouter) -> None:
    router.register("dispensings", DispensingViewSet, basename="dispensings")
