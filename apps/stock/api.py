"""The stock over the API: read alone. What moves it are papers and dispensings."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.routers import BaseRouter

from apps.core.api import ScopedViewSet
from apps.stock import fefo
from apps.stock.models import ItemKind, StockBalance, StockItem
from apps.stock.services import facts_of


class LotThereSerializer(serializers.Serializer):
    """A lot at one place."""

    lot = serializers.UUIDField(source="lot_id")
    number = serializers.CharField(source="lot.number")
    expiry = serializers.DateField(source="lot.expiry", allow_null=True, help_text="Ngày cuối được dùng.")
    manufacturer = serializers.CharField(source="lot.manufacturer")
    diluent = serializers.UUIDField(
        source="lot.diluent_id", allow_null=True, help_text="Lô dung môi đi kèm, nếu có."
    )
    state = serializers.CharField(source="lot.state")
    location = serializers.UUIDField(source="location_id")
    location_name = serializers.CharField(source="location.name")
    quantity = serializers.IntegerField(help_text="Theo đơn vị nhỏ nhất.")
    usable = serializers.SerializerMethodField(help_text="Hôm nay dùng được hay không.")

    def get_usable(self, row: StockBalance) -> bool:
        return not fefo.why_not(facts_of(row), timezone.localdate())


class StockItemSerializer(serializers.ModelSerializer):
    there = serializers.SerializerMethodField()

    class Meta:
        model = StockItem
        fields = [
            "id", "version", "updated_at", "station", "label", "kind", "code", "name", "unit", "packs",
            "minimum", "programme", "controlled", "is_active", "there",
        ]  # fmt: skip

    @extend_schema_field(LotThereSerializer(many=True))
    def get_there(self, item: StockItem) -> Any:
        return LotThereSerializer(self.context["balances"].get(item.pk, []), many=True).data


class StockItemFilter(django_filters.FilterSet):
    changed_since = django_filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", label="Mặt hàng đổi từ lúc này (ISO 8601)"
    )
    code = django_filters.CharFilter(field_name="code", label="Mã danh mục")
    kind = django_filters.ChoiceFilter(choices=ItemKind.choices, label="Loại")
    programme = django_filters.CharFilter(field_name="programme", label="Chương trình")


class StockItemViewSet(ScopedViewSet):
    """Items with what lies there of each, by name."""

    right = "stock.view"
    screen = "stock.api"
    order = ("folded", "id")
    serializer_class = StockItemSerializer
    filterset_class = StockItemFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = StockItem.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[StockItem]:
        return StockItem.objects.all()

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return []  # nobody stands in a stock

    def context_for(self, rows: Sequence[Any]) -> dict[str, Any]:
        there: dict[UUID, list[StockBalance]] = defaultdict(list)
        found = StockBalance.objects.filter(lot__item__in=[row.pk for row in rows], quantity__gt=0)
        for row in found.select_related("lot", "location").order_by("lot__expiry", "pk"):
            there[row.lot.item_id].append(row)
        return {"balances": there}


def register(router: BaseRouter) -> None:
    router.register("stock", StockItemViewSet, basename="stock")
