"""What was measured, over the API: the course of each sign, and a child's growth. Read alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from apps.care.growth import queries as growth
from apps.care.growth.track import Point
from apps.care.models import FactState, Measurement
from apps.care.vitals import BY_KEY, SIGNS
from apps.core import readlog
from apps.core.api import ScopedViewSet, StrictSerializer
from apps.core.scope import current
from apps.patients import queries as patients


class MeasurementSerializer(serializers.ModelSerializer):
    sign = serializers.CharField(source="vital.key", help_text="Khóa của chỉ số: weight, systolic, ...")
    title = serializers.CharField(source="vital.title", help_text="Tên chỉ số.")
    value = serializers.DecimalField(9, 3, coerce_to_string=False)
    readings = serializers.ListField(
        child=serializers.DecimalField(5, 1, coerce_to_string=False), help_text="Từng lần đo huyết áp."
    )

    class Meta:
        model = Measurement
        fields = [
            "id", "version", "updated_at", "person", "facility", "occurred_at", "sign", "title", "code",
            "value", "unit", "method", "readings", "oedema", "note", "source_kind", "source_id", "state",
            "corrects",
        ]  # fmt: skip


class MeasurementFilter(django_filters.FilterSet):
    """Declared by hand: a filterset made from the model would ask it for rows outside any scope."""

    person = django_filters.UUIDFilter(field_name="person_id", label="Của người này (id)")
    sign = django_filters.ChoiceFilter(
        method="of_sign", choices=[(vital.key, vital.title) for vital in SIGNS], label="Chỉ số"
    )
    state = django_filters.ChoiceFilter(choices=FactState.choices, label="Trạng thái")
    since = django_filters.IsoDateTimeFilter(
        field_name="occurred_at", lookup_expr="gte", label="Đo từ lúc này (ISO 8601)"
    )
    until = django_filters.IsoDateTimeFilter(
        field_name="occurred_at", lookup_expr="lt", label="Đo trước lúc này (ISO 8601)"
    )
    changed_since = django_filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", label="Số đo đổi từ lúc này (ISO 8601)"
    )

    def of_sign(self, rows: QuerySet[Measurement], name: str, value: str) -> QuerySet[Measurement]:
        return rows.filter(code=BY_KEY[value].code)


class ScoreSerializer(serializers.Serializer):
    """One indicator of one day."""

    indicator = serializers.CharField(help_text="waz, haz, whz, baz hoặc hcaz (chuẩn của WHO).")
    title = serializers.CharField(help_text="Tên chỉ tiêu.")
    z = serializers.FloatField(help_text="Điểm z, hai chữ số lẻ.")
    flagged = serializers.BooleanField(help_text="Khó tin: đo lại, không tính vào chỉ tiêu.")
    code = serializers.CharField(
        source="found.code", default="", help_text="Mã phân loại; trống khi không có."
    )
    word = serializers.CharField(source="found.word", default="", help_text="Phân loại bằng chữ.")


class PointSerializer(serializers.Serializer):
    """One day of measuring and what it says."""

    on = serializers.DateField(help_text="Ngày đo.")
    age_days = serializers.IntegerField(help_text="Tuổi tính bằng ngày.")
    by_age = serializers.BooleanField(
        help_text="Không: chỉ có cân nặng theo chiều dài, vì không rõ ngày sinh."
    )
    weight = serializers.SerializerMethodField(help_text="Cân nặng (kg).")
    length = serializers.SerializerMethodField(help_text="Chiều dài nằm (cm), như đã đo.")
    height = serializers.SerializerMethodField(help_text="Chiều cao đứng (cm), như đã đo.")
    head = serializers.SerializerMethodField(help_text="Vòng đầu (cm).")
    oedema = serializers.BooleanField(help_text="Phù hai bàn chân.")
    scores = ScoreSerializer(many=True, source="verdicts")
    remarks = serializers.ListField(child=serializers.CharField(), help_text="Điều cần biết về lần đo.")

    def get_weight(self, point: Point) -> float | None:
        return point.of("weight")

    def get_length(self, point: Point) -> float | None:
        return point.of("length")

    def get_height(self, point: Point) -> float | None:
        return point.of("height")

    def get_head(self, point: Point) -> float | None:
        return point.of("head")


class GrowthSerializer(serializers.Serializer):
    """A child's track, the first day of measuring first."""

    doubt = serializers.CharField(help_text="Điều chưa rõ về trẻ nên không tính được; trống khi đủ.")
    alerts = serializers.ListField(
        child=serializers.CharField(), help_text="Lần đo cuối so với trước: không tăng cân, tụt kênh."
    )
    points = PointSerializer(many=True)


class GrowthAskedSerializer(StrictSerializer):
    person = serializers.UUIDField()


class MeasurementViewSet(ScopedViewSet):
    """Figures of the scope's stations and of their people, newest first; what was a mistake says so."""

    right = "care.view"
    screen = "care.api"
    order = ("-occurred_at", "-id")
    serializer_class = MeasurementSerializer
    filterset_class = MeasurementFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Measurement.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Measurement]:
        return Measurement.objects.all()

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [row.person_id for row in rows]

    @extend_schema(
        parameters=[
            OpenApiParameter("person", OpenApiTypes.UUID, required=True, description="Của trẻ này (id).")
        ],
        responses=GrowthSerializer,
    )
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def growth(self, request: Request) -> Response:
        """A child's z-scores (WHO) on each day of measuring, by the birth date known now."""
        asked = GrowthAskedSerializer(data={"person": request.query_params.get("person")})
        asked.is_valid(raise_exception=True)
        person = patients.get_person(asked.validated_data["person"])
        if person is None:
            raise Http404
        readlog.record(self.screen, [person.pk])
        found = growth.growth_of(person, growth.rows(current(), person.pk), growth.limits())
        return Response(GrowthSerializer(found).data)


def register(router: BaseRouter) -> None:
    router.register("measurements", MeasurementViewSet, basename="measurements")
