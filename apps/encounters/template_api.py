"""A station's templates over the API: read alone. They are made from visits, by people."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.routers import BaseRouter

from apps.core.api import ScopedViewSet
from apps.encounters.models import ExamTemplate


class TemplateDiagnosisSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Mã bệnh ICD-10.")
    role = serializers.CharField()
    text = serializers.CharField(default="", help_text="Ghi rõ thêm.")


class TemplateLineSerializer(serializers.Serializer):
    drug_code = serializers.CharField(source="drug", help_text="Mã thuốc trong danh mục.")
    dose = serializers.CharField(help_text="Liều một lần.")
    dose_unit = serializers.CharField(default="", help_text="Đơn vị của liều.")
    times_per_day = serializers.IntegerField(source="times", help_text="Số lần một ngày.")
    days = serializers.IntegerField(help_text="Số ngày.")
    quantity = serializers.CharField(allow_null=True, default=None, help_text="Số lượng.")
    note = serializers.CharField(default="", help_text="Ghi thêm vào cách dùng.")


class TemplateSerializer(serializers.ModelSerializer):
    texts = serializers.SerializerMethodField(help_text="Khám bệnh, điều trị, lời dặn: chữ điền sẵn.")
    findings = serializers.SerializerMethodField(help_text="Khám từng cơ quan: chữ điền sẵn.")
    follow_up_days = serializers.SerializerMethodField(help_text="Hẹn khám lại sau số ngày này.")
    diagnoses = serializers.SerializerMethodField(help_text="Chẩn đoán điền sẵn.")
    lines = serializers.SerializerMethodField(help_text="Thuốc điền sẵn.")

    class Meta:
        model = ExamTemplate
        fields = [
            "id", "version", "updated_at", "station", "name", "icd_code", "made_by_name", "used", "texts",
            "findings", "follow_up_days", "diagnoses", "lines",
        ]  # fmt: skip

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_texts(self, row: ExamTemplate) -> Any:
        return row.data.get("texts", {})

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_findings(self, row: ExamTemplate) -> Any:
        return row.data.get("findings", {})

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_follow_up_days(self, row: ExamTemplate) -> Any:
        return row.data.get("follow_up_days")

    @extend_schema_field(TemplateDiagnosisSerializer(many=True))
    def get_diagnoses(self, row: ExamTemplate) -> Any:
        return TemplateDiagnosisSerializer(row.data.get("diagnoses", []), many=True).data

    @extend_schema_field(TemplateLineSerializer(many=True))
    def get_lines(self, row: ExamTemplate) -> Any:
        return TemplateLineSerializer(row.data.get("lines", []), many=True).data


class TemplateFilter(django_filters.FilterSet):
    """Declared by hand: a filterset made from the model would ask it for rows outside any scope."""

    icd_code = django_filters.CharFilter(field_name="icd_code", label="Mã bệnh chính")
    changed_since = django_filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", label="Mẫu đổi từ lúc này (ISO 8601)"
    )


class TemplateViewSet(ScopedViewSet):
    """The templates of the scope's stations that are offered, by name."""

    right = "prescriptions.enter"
    screen = "visit.api"
    order = ("name", "id")
    serializer_class = TemplateSerializer
    filterset_class = TemplateFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = ExamTemplate.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[ExamTemplate]:
        return ExamTemplate.objects.filter(retired_at__isnull=True)

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return []  # a template tells about nobody


def register(router: BaseRouter) -> None:
    router.register("templates", TemplateViewSet, basename="templates")
