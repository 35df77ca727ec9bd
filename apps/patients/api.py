"""People over the API: the same queries and services as the pages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from apps.core import readlog
from apps.core.api import ScopedViewSet, Unwilling, refusal, warnings
from apps.core.errors import NeedsReason, Refused
from apps.core.scope import current
from apps.facilities.models import Hamlet
from apps.patients import queries, services
from apps.patients.data import FIELDS, NumberData, PersonData
from apps.patients.models import Identifier, InsuranceCard, LifeStatus, Person, Sex

FOUND = 20


class HamletSerializer(serializers.ModelSerializer):
    class Meta:
        model = Hamlet
        fields = ["id", "code", "name"]


class IdentifierSerializer(serializers.ModelSerializer):
    class Meta:
        model = Identifier
        fields = ["kind", "value", "issuer", "country", "issued_on", "valid_from", "valid_to"]


class CardSerializer(serializers.ModelSerializer):
    class Meta:
        model = InsuranceCard
        fields = [
            "number", "object_code", "level", "valid_from", "valid_to", "registered_facility_code",
            "five_year_on", "area_code",
        ]  # fmt: skip


class HomeSerializer(serializers.Serializer):
    """The present household of a person."""

    id = serializers.UUIDField(source="household_id")
    code = serializers.CharField()
    relation = serializers.CharField()


class PersonSerializer(serializers.ModelSerializer):
    hamlet = HamletSerializer()
    identifiers = IdentifierSerializer(many=True, source="all_numbers")
    cards = CardSerializer(many=True, source="all_cards")
    household = serializers.SerializerMethodField()

    class Meta:
        model = Person
        fields = [
            "id", "version", "updated_at", "code", "full_name", "sex", "birth_date", "birth_precision",
            "ethnicity", "nationality", "occupation", "education", "marital_status", "phone", "email",
            "hamlet", "address_text", "permanent_text", "station", "life_status", "died_on", "mother",
            "father", "guardian_name", "guardian_relation", "blood_group", "identifiers", "cards",
            "household",
        ]  # fmt: skip

    @extend_schema_field(HomeSerializer(allow_null=True))
    def get_household(self, person: Person) -> Any:
        line = self.context["households"].get(person.pk)
        return HomeSerializer(line).data if line else None


class PersonWriteSerializer(serializers.Serializer):
    """A new person; `reason` overrides what is odd, `another` says that nobody stored is meant."""

    full_name = serializers.CharField(max_length=100)
    sex = serializers.ChoiceField(choices=["male", "female", "unknown"])
    birth_date = serializers.DateField(required=False, allow_null=True)
    birth_precision = serializers.ChoiceField(choices=["day", "month", "year"], default="day")
    ethnicity = serializers.CharField(max_length=3, required=False)
    nationality = serializers.CharField(max_length=2, default="VN")
    occupation = serializers.CharField(max_length=5, required=False)
    phone = serializers.CharField(max_length=20, required=False)
    email = serializers.EmailField(required=False)
    hamlet_id = serializers.UUIDField(required=False, allow_null=True)
    address_text = serializers.CharField(max_length=200, required=False)
    permanent_text = serializers.CharField(max_length=300, required=False)
    cccd = serializers.CharField(max_length=20, required=False)
    reason = serializers.CharField(max_length=300, required=False)
    another = serializers.BooleanField(default=False)


class SearchSerializer(serializers.Serializer):
    """What would be typed into the search box. In the body: no name ever stands in an address."""

    text = serializers.CharField(max_length=300)


class PersonFilter(django_filters.FilterSet):
    """Declared by hand: a filterset made from the model would ask it for rows outside any scope."""

    hamlet = django_filters.UUIDFilter(field_name="hamlet_id")
    sex = django_filters.ChoiceFilter(choices=Sex.choices)
    life_status = django_filters.ChoiceFilter(choices=LifeStatus.choices)
    changed_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")


class PersonViewSet(ScopedViewSet):
    """The people of the catchment, in the order of names."""

    right = "people.view"
    rights = {"create": "people.enter"}
    screen = "people.api"
    order = ("sort_key", "id")
    serializer_class = PersonSerializer
    filterset_class = PersonFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Person.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Person]:
        people = Person.objects if self.action == "retrieve" else queries.people_list(current())
        return (
            people.filter(merged_into=None)
            .select_related("hamlet")
            .defer("tokens", "search")
            .prefetch_related(
                Prefetch("identifiers", Identifier.objects.order_by("kind", "pk"), to_attr="all_numbers"),
                Prefetch("cards", InsuranceCard.objects.order_by("-valid_from", "pk"), to_attr="all_cards"),
            )
        )

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [person.pk for person in rows]

    def context_for(self, rows: Sequence[Any]) -> dict[str, Any]:
        return {"households": queries.household_lines(self.people_of(rows))}

    @extend_schema(request=PersonWriteSerializer, responses={201: PersonSerializer})
    def create(self, request: Request) -> Response:
        """Enters a person. 422 with sentences by field; 409 with the ids of those who may be the same."""
        asked = PersonWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        cccd = said.get("cccd")
        try:
            person = services.person_create(
                data=PersonData(**{name: said[name] for name in FIELDS if name in said}),
                numbers=[NumberData("cccd", cccd, source="api")] if cccd else [],
                reason=said.get("reason", ""),
                another=said["another"],
            )
        except Refused as refused:
            services.note_taken(refused)
            raise refusal(refused) from refused
        except NeedsReason as needed:
            raise warnings(needed) from needed
        except services.PossibleDuplicates as alike:
            ids = [candidate.person.pk for candidate in alike.candidates]
            readlog.record("person.duplicates", ids)
            raise Unwilling({"candidates": [str(pk) for pk in ids]}, status=409) from alike
        stored = self.get_queryset().get(pk=person.pk)
        return Response(self.shown([stored])[0], status=201)

    @extend_schema(request=SearchSerializer, responses=PersonSerializer(many=True))
    @action(detail=False, methods=["post"])
    def search(self, request: Request) -> Response:
        """Finds people as the search box does, at most twenty."""
        asked = SearchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ids = [line.id for line in queries.find_people(current(), asked.validated_data["text"], FOUND)]
        rows = {person.pk: person for person in self.get_queryset().filter(pk__in=ids)}
        return Response(self.shown([rows[pk] for pk in ids if pk in rows]))


def register(router: BaseRouter) -> None:
    router.register("people", PersonViewSet, basename="people")
