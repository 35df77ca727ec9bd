"""Households over the API: read, founded, corrected. Moves are told on the pages of families."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from apps.core.api import KEY_HEADER, ScopedViewSet, StrictSerializer, Unwilling, once
from apps.households import services
from apps.households.models import Closed, Household, Membership, Poverty
from apps.households.services import HouseholdData
from apps.patients import queries as people
from apps.patients.api import HamletSerializer, MaskedSerializer, tried

BHXH_HELP = "Mã hộ gia đình (BHXH): 10 chữ số, của một hộ đang mở."


class MemberSerializer(serializers.ModelSerializer):
    class Meta:
        model = Membership
        fields = ["person", "relation", "is_head", "valid_from"]


class HouseholdSerializer(MaskedSerializer):
    number_field = "bhxh_code"

    hamlet = HamletSerializer()
    members = MemberSerializer(many=True, source="open_members")

    class Meta:
        model = Household
        fields = [
            "id", "version", "updated_at", "code", "former_codes", "hamlet", "address_text", "station",
            "poverty", "bhxh_code", "masked", "closed", "closed_on", "members",
        ]  # fmt: skip


class HouseholdWriteSerializer(StrictSerializer):
    """A new household and its head, who is known already and leaves the household she was in."""

    head = serializers.UUIDField(help_text="Chủ hộ: id của một người đã có hồ sơ trên địa bàn.")
    hamlet_id = serializers.UUIDField(help_text="Thôn, tổ của hộ.")
    address_text = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    poverty = serializers.ChoiceField(choices=Poverty.choices, required=False, default="")
    bhxh_code = serializers.CharField(
        max_length=20, required=False, allow_blank=True, default="", help_text=BHXH_HELP
    )
    since = serializers.DateField(required=False, allow_null=True, help_text="Từ ngày; trống là từ trước.")


class HouseholdChangeSerializer(StrictSerializer):
    """What is not sent stays. A household moves on its page, with the day and where it goes."""

    version = serializers.IntegerField(min_value=1, help_text="Phiên bản đã đọc; đã có người sửa thì 409.")
    address_text = serializers.CharField(max_length=200, required=False, allow_blank=True)
    poverty = serializers.ChoiceField(choices=Poverty.choices, required=False)
    bhxh_code = serializers.CharField(max_length=20, required=False, allow_blank=True, help_text=BHXH_HELP)


class HouseholdFilter(django_filters.FilterSet):
    changed_since = django_filters.IsoDateTimeFilter(
        method="changed", label="Hộ hoặc thành viên đổi từ lúc này (ISO 8601)"
    )
    hamlet = django_filters.UUIDFilter(field_name="hamlet_id", label="Thôn, tổ (id)")
    member = django_filters.UUIDFilter(method="of_member", label="Hộ hiện nay của người này (id)")
    poverty = django_filters.ChoiceFilter(choices=Poverty.choices[1:], label="Diện hộ")
    bhxh_code = django_filters.CharFilter(method="of_code", label="Mã hộ gia đình (BHXH) của hộ đang mở")

    def changed(self, rows: QuerySet[Household], name: str, value: dt.datetime) -> QuerySet[Household]:
        """Also one that somebody has joined or left since then."""
        # unscoped: of the households that the scope sees
        moved = Membership.unscoped.filter(household=OuterRef("pk"), updated_at__gte=value)
        return rows.filter(Q(updated_at__gte=value) | Exists(moved))

    def of_code(self, rows: QuerySet[Household], name: str, value: str) -> QuerySet[Household]:
        return rows.filter(bhxh_code=value, closed=Closed.OPEN)

    def of_member(self, rows: QuerySet[Household], name: str, value: UUID) -> QuerySet[Household]:
        return rows.filter(memberships__person_id=value, memberships__valid_to__isnull=True)


class HouseholdViewSet(ScopedViewSet):
    """The families of the catchment, in the order of their heads' names."""

    right = "households.view"
    rights = {"create": "households.enter", "partial_update": "households.edit"}
    screen = "households.api"
    order = ("sort_key", "id")
    serializer_class = HouseholdSerializer
    filterset_class = HouseholdFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Household.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Household]:
        members = Membership.objects.filter(valid_to__isnull=True).order_by("-is_head", "relation", "pk")
        return Household.objects.select_related("hamlet").prefetch_related(
            Prefetch("memberships", members, to_attr="open_members")
        )

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [member.person_id for household in rows for member in household.open_members]

    @extend_schema(
        request=HouseholdWriteSerializer, responses={201: HouseholdSerializer}, parameters=[KEY_HEADER]
    )
    def create(self, request: Request) -> Response:
        """Founds a household. 422 with sentences by field."""
        asked = HouseholdWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        head = people.get_person(said["head"])
        if head is None:
            raise Unwilling({"head": ["Không thấy người này trên địa bàn."]})
        data = HouseholdData(
            said["hamlet_id"], said["address_text"], said["poverty"], bhxh_code=said["bhxh_code"]
        )
        pk, now = tried(
            lambda: once(
                request,
                lambda: services.household_create(data=data, head=head, since=said.get("since")).pk,
            )
        )
        return self._stored(pk, 201 if now else 200)

    @extend_schema(request=HouseholdChangeSerializer, responses=HouseholdSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Corrects address, poverty, number of the social insurance. 409 with the stored version when
        somebody has saved since.
        """
        asked = HouseholdChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        household = Household.objects.filter(pk=pk).first()
        if household is None:
            raise Http404
        data = HouseholdData(
            hamlet_id=household.hamlet_id,
            address_text=said.get("address_text", household.address_text),
            poverty=said.get("poverty", household.poverty),
            note=household.note,
            bhxh_code=said.get("bhxh_code", household.bhxh_code),
        )
        tried(
            lambda: services.household_update(
                household=household, data=data, expected_version=said["version"]
            )
        )
        return self._stored(pk)

    def _stored(self, pk: UUID, status: int = 200) -> Response:
        found = self.get_queryset().filter(pk=pk).first()
        if found is None:  # made at another workplace of hers
            raise Http404
        return Response(self.shown([found])[0], status=status)


def register(router: BaseRouter) -> None:
    router.register("households", HouseholdViewSet, basename="households")
