"""Households over the API, read only: families are changed on their pages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.db.models import Prefetch, QuerySet
from rest_framework import serializers
from rest_framework.routers import BaseRouter

from apps.core.api import ScopedViewSet
from apps.households.models import Household, Membership, Poverty
from apps.patients.api import HamletSerializer


class MemberSerializer(serializers.ModelSerializer):
    class Meta:
        model = Membership
        fields = ["person", "relation", "is_head", "valid_from"]


class HouseholdSerializer(serializers.ModelSerializer):
    hamlet = HamletSerializer()
    members = MemberSerializer(many=True, source="open_members")

    class Meta:
        model = Household
        fields = [
            "id",
            "version",
            "updated_at",
            "code",
            "hamlet",
            "address_text",
            "station",
            "poverty",
            "members",
        ]


class HouseholdFilter(django_filters.FilterSet):
    hamlet = django_filters.UUIDFilter(field_name="hamlet_id")
    poverty = django_filters.ChoiceFilter(choices=Poverty.choices[1:])
    changed_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")


class HouseholdViewSet(ScopedViewSet):
    """The families of the catchment, in the order of their heads' names."""

    right = "households.view"
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


def register(router: BaseRouter) -> None:
    router.register("households", HouseholdViewSet, basename="households")
