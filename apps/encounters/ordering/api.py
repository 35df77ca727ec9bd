"""Orders and results over the API: the same queries and services as the pages.

A laboratory's gateway reads what waits (`?state=ordered`) and sends what was measured with the header
`Idempotency-Key` (a UUID): the same key is written once. What it sends waits to be verified by a person.
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
from rest_framework.decorators import action
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
from apps.encounters.models import Order, OrderKind, Result, ResultState, ResultValue
from apps.encounters.ordering import results
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.results import ResultInput
from apps.encounters.writing import Problems

MAX_VALUES = 60


class ValueSerializer(serializers.ModelSerializer):
    value = serializers.DecimalField(12, 4, coerce_to_string=False)

    class Meta:
        model = ResultValue
        fields = ["test", "name", "loinc", "comparator", "value", "unit", "word", "word_code", "range_text",
                  "flag"]  # fmt: skip


class ResultSerializer(serializers.ModelSerializer):
    values = ValueSerializer(many=True)

    class Meta:
        model = Result
        fields = [
            "id", "state", "at", "description", "conclusion", "note", "fasting", "device", "performer",
            "entered_at", "verifier", "verified_at", "late", "corrects", "values",
        ]  # fmt: skip


class OrderSerializer(serializers.ModelSerializer):
    results = ResultSerializer(many=True)

    class Meta:
        model = Order
        fields = [
            "id", "version", "updated_at", "visit", "person", "facility", "kind", "code", "name", "tests",
            "note", "sessions", "price", "state", "summary", "flag", "occurred_at", "performer", "results",
        ]  # fmt: skip


class ResultWriteSerializer(StrictSerializer):
    """`values` is {test: figure or word}, as a person would type it: '5,6', '5.6', '< 0,1', 'Âm tính'."""

    version = serializers.IntegerField(min_value=1)
    values = serializers.DictField(child=serializers.CharField(max_length=60), required=False, default=dict)
    description = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    conclusion = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    fasting = serializers.BooleanField(required=False, default=False)
    at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    device = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    override = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)

    def validate_values(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) > MAX_VALUES:
            raise serializers.ValidationError(f"Nhiều nhất {MAX_VALUES} giá trị một lần.")
        return value


class OrderFilter(django_filters.FilterSet):
    """Declared by hand: a filterset made from the model would ask it for rows outside any scope."""

    state = django_filters.ChoiceFilter(choices=list(order_states.TITLES.items()))
    kind = django_filters.ChoiceFilter(choices=OrderKind.choices)
    visit = django_filters.UUIDFilter(field_name="visit_id")
    person = django_filters.UUIDFilter(field_name="person_id")
    changed_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")


class OrderViewSet(ScopedViewSet):
    """The orders of the scope's stations and of their people, newest first, with the results that count."""

    right = "results.view"
    rights = {"result": "results.enter"}
    screen = "order.api"
    order = ("-occurred_at", "-id")
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Order.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Order]:
        # The parts are unscoped: whoever sees the order sees them.
        standing = Result.unscoped.exclude(state=ResultState.ENTERED_IN_ERROR).prefetch_related(
            Prefetch("values", ResultValue.unscoped.order_by("position"))  # as above
        )
        return Order.objects.prefetch_related(Prefetch("results", standing))

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [order.person_id for order in rows]

    @extend_schema(request=ResultWriteSerializer, responses=OrderSerializer, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def result(self, request: Request, pk: UUID) -> Response:
        """Enters what an order has shown; it waits to be verified. 422 by field, 409 when outrun."""
        asked = ResultWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said: dict[str, Any] = dict(asked.validated_data)
        version, override = said.pop("version"), said.pop("override")
        order_id, _ = once(request, lambda: _entered(pk, version, ResultInput(**said), override))
        found = self.get_queryset().filter(pk=order_id).first()
        if found is None:  # restricted: kept, and not read back to a program
            return Response(status=204)
        return Response(self.shown([found])[0])


def _entered(pk: UUID, version: int, data: ResultInput, override: str) -> UUID:
    """The order that a result was entered for, or the service's no as an answer."""
    try:
        return results.result_save(
            order_id=pk, expected_version=version, data=data, override=override
        ).order_id
    except Order.DoesNotExist:
        raise Http404 from None
    except PermissionDenied:
        raise Http404 from None
    except StaleVersion as outrun:
        raise stale(outrun, "Chỉ định vừa được người khác sửa.") from outrun
    except Problems as problems:
        raise Unwilling({problem.field: [problem.sentence] for problem in problems.problems}) from problems
    except Refused as refused:
        raise refusal(refused) from refused
    except NeedsReason as needed:
        raise warnings(needed) from needed


def register(router: BaseRouter) -> None:
    router.register("orders", OrderViewSet, basename="orders")
