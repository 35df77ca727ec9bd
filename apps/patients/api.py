"""People over the API: the same queries and services as the pages."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import django_filters.rest_framework
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from apps.core import ports, readlog
from apps.core.api import (
    KEY_HEADER,
    ScopedViewSet,
    StrictSerializer,
    Unwilling,
    masked,
    once,
    refusal,
    stale,
    warnings,
)
from apps.core.errors import NeedsReason, Refused
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.facilities.models import Hamlet
from apps.patients import kin, queries, services
from apps.patients.data import FIELDS, NumberData, PersonData
from apps.patients.health_record import reading
from apps.patients.models import BirthPrecision, Identifier, InsuranceCard, LifeStatus, Person, Sex
from apps.patients.numbers import note_taken

FOUND = 20
Done = TypeVar("Done")


class HamletSerializer(serializers.ModelSerializer):
    class Meta:
        model = Hamlet
        fields = ["id", "code", "name"]


WHOLE_NUMBERS = "people.export"  # who may take lists of people away may take their numbers


class MaskedSerializer(serializers.ModelSerializer):
    """A row whose number is shown whole by right alone; its last four signs tell cards apart."""

    number_field: str

    masked = serializers.SerializerMethodField(help_text="Số chỉ hiện 4 ký tự cuối vì thiếu quyền xuất.")

    def get_masked(self, row: Any) -> bool:
        return not current().can(WHOLE_NUMBERS)

    def to_representation(self, row: Any) -> dict[str, Any]:
        told = super().to_representation(row)
        if told["masked"]:
            told[self.number_field] = masked(told[self.number_field])
        return told


class IdentifierSerializer(MaskedSerializer):
    number_field = "value"

    class Meta:
        model = Identifier
        fields = ["kind", "value", "masked", "issuer", "country", "issued_on", "valid_from", "valid_to"]


class CardSerializer(MaskedSerializer):
    number_field = "number"

    class Meta:
        model = InsuranceCard
        fields = [
            "number", "masked", "object_code", "level", "valid_from", "valid_to", "registered_facility_code",
            "five_year_on", "area_code",
        ]  # fmt: skip


class HomeSerializer(serializers.Serializer):
    """The present household of a person."""

    id = serializers.UUIDField(source="household_id")
    code = serializers.CharField()
    relation = serializers.CharField()


class PersonSerializer(serializers.ModelSerializer):
    hamlet = HamletSerializer(allow_null=True)
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
            "household", "merged_into",
        ]  # fmt: skip

    def to_representation(self, person: Person) -> dict[str, Any]:
        row = super().to_representation(person)
        if kin.keeps_mother(current(), person):
            row["mother"] = None
        return row if queries.knows_whole(current(), person) else outsiders(row)

    @extend_schema_field(HomeSerializer(allow_null=True))
    def get_household(self, person: Person) -> Any:
        line = self.context["households"].get(person.pk)
        return HomeSerializer(line).data if line else None


# What a station that only treats her is told: who she is and her insurance. The rest is there, empty.
OUTSIDERS = frozenset({
    "id", "version", "updated_at", "code", "full_name", "sex", "birth_date", "birth_precision", "station",
    "life_status", "died_on", "blood_group", "nationality", "cards", "merged_into",
})  # fmt: skip


def outsiders(row: dict[str, Any]) -> dict[str, Any]:
    """A person as JSON without what only her own station is told."""

    def empty(value: Any) -> Any:
        return type(value)() if isinstance(value, str | list) else None

    return {name: value if name in OUTSIDERS else empty(value) for name, value in row.items()}


class PersonFieldsSerializer(StrictSerializer):
    """What is told about a person, new or stored."""

    full_name = serializers.CharField(max_length=100)
    sex = serializers.ChoiceField(choices=Sex.choices)
    birth_date = serializers.DateField(required=False, allow_null=True)
    birth_precision = serializers.ChoiceField(choices=BirthPrecision.choices, default="day")
    ethnicity = serializers.CharField(max_length=3, required=False, allow_blank=True)
    nationality = serializers.CharField(max_length=2, default="VN")
    occupation = serializers.CharField(max_length=5, required=False, allow_blank=True)
    education = serializers.CharField(max_length=2, required=False, allow_blank=True)
    marital_status = serializers.CharField(max_length=2, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=20, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    hamlet_id = serializers.UUIDField(required=False, allow_null=True)
    address_text = serializers.CharField(max_length=200, required=False, allow_blank=True)
    permanent_text = serializers.CharField(max_length=300, required=False, allow_blank=True)
    guardian_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    reason = serializers.CharField(
        max_length=300, required=False, help_text="Vì sao vẫn đúng, khi máy chủ đã báo điều lạ (422)."
    )


class PersonWriteSerializer(PersonFieldsSerializer):
    """A new person; `reason` overrides what is odd, `another` says that nobody stored is meant."""

    cccd = serializers.CharField(max_length=20, required=False, help_text="Số định danh cá nhân, 12 chữ số.")
    another = serializers.BooleanField(
        default=False, help_text="true: người này khác những người có thể trùng mà máy chủ đã báo (409)."
    )


class PersonChangeSerializer(PersonFieldsSerializer):
    """What is not sent stays. `version` is that of the record as it was read."""

    version = serializers.IntegerField(min_value=1, help_text="Phiên bản đã đọc; đã có người sửa thì 409.")


class SearchSerializer(StrictSerializer):
    """What would be typed into the search box. In the body: no name ever stands in an address."""

    text = serializers.CharField(max_length=300, help_text="Như gõ vào ô tìm kiếm: tên không dấu, số thẻ.")


class PersonFilter(django_filters.FilterSet):
    """Declared by hand: a filterset made from the model would ask it for rows outside any scope."""

    born_from = django_filters.DateFilter(field_name="birth_date", lookup_expr="gte", label="Sinh từ ngày")
    born_to = django_filters.DateFilter(field_name="birth_date", lookup_expr="lte", label="Sinh đến ngày")
    changed_since = django_filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", label="Hồ sơ, giấy tờ hoặc thẻ đổi từ lúc này (ISO 8601)"
    )
    hamlet = django_filters.UUIDFilter(field_name="hamlet_id", label="Thôn, tổ (id)")
    household = django_filters.UUIDFilter(method="in_household", label="Người đang ở hộ này (id)")
    life_status = django_filters.ChoiceFilter(choices=LifeStatus.choices, label="Tình trạng")
    sex = django_filters.ChoiceFilter(choices=Sex.choices, label="Giới tính")

    def in_household(self, people: QuerySet[Person], name: str, value: UUID) -> QuerySet[Person]:
        """The present members of one household within the scope."""
        households = ports.get(ports.HouseholdOf)
        return people.filter(pk__in=households.members(value)) if households else people.none()


class PersonViewSet(ScopedViewSet):
    """The people of the catchment, in the order of names."""

    right = "people.view"
    rights = {"create": "people.enter", "partial_update": "people.edit", "record": "records.view"}
    screen = "people.api"
    order = ("sort_key", "id")
    serializer_class = PersonSerializer
    filterset_class = PersonFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Person.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Person]:
        # Who was merged is in no list; asked for by her id she says into whom (`merged_into`).
        one = self.action in ("retrieve", "partial_update")
        people = Person.objects.all() if one else queries.people_list(current())
        numbers = Identifier.objects.filter(in_error=False)  # what was noted by mistake is nobody's number
        return (
            people.select_related("hamlet", "mother")
            .defer("tokens", "search", "mother__tokens", "mother__search")
            .prefetch_related(
                Prefetch("identifiers", numbers.order_by("kind", "pk"), to_attr="all_numbers"),
                Prefetch("cards", InsuranceCard.objects.order_by("-valid_from", "pk"), to_attr="all_cards"),
            )
        )

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [person.pk for person in rows]

    def context_for(self, rows: Sequence[Any]) -> dict[str, Any]:
        return {"households": queries.household_lines(self.people_of(rows))}

    @extend_schema(request=PersonWriteSerializer, responses={201: PersonSerializer}, parameters=[KEY_HEADER])
    def create(self, request: Request) -> Response:
        """Enters a person. 422 with sentences by field; 409 with the ids of those who may be the same."""
        asked = PersonWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        cccd = said.get("cccd")

        def enter() -> UUID:
            return services.person_create(
                data=PersonData(**{name: said[name] for name in FIELDS if name in said}),
                numbers=[NumberData("cccd", cccd, source="api")] if cccd else [],
                reason=said.get("reason", ""),
                another=said["another"],
            ).pk

        pk, now = tried(lambda: once(request, enter))
        return self._stored(pk, 201 if now else 200)

    @extend_schema(request=PersonChangeSerializer, responses=PersonSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Changes what is sent. 409 with the stored version when somebody has saved since `version`."""
        asked = PersonChangeSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        version, reason = said.pop("version", None), said.pop("reason", "")
        if version is None:
            raise Unwilling({"version": ["Cần ghi phiên bản đã đọc."]}, status=400)
        person = queries.get_person(pk)
        if person is None or person.merged_into_id is not None:
            raise Http404
        before = {name: getattr(person, name) for name in FIELDS}
        data = PersonData(**before | said)
        tried(
            lambda: services.person_update(person=person, data=data, expected_version=version, reason=reason)
        )
        return self._stored(pk)

    def _stored(self, pk: UUID, status: int = 200) -> Response:
        """The record as it is stored now; one that is out of sight by now (another hamlet) is a 404."""
        found = self.get_queryset().filter(pk=pk).first()
        if found is None:
            raise Http404
        return Response(self.shown([found])[0], status=status)

    @extend_schema(request=SearchSerializer, responses=PersonSerializer(many=True))
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def search(self, request: Request) -> Response:
        """Finds people as the search box does, at most twenty."""
        asked = SearchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ids = [line.id for line in queries.find_people(current(), asked.validated_data["text"], FOUND)]
        rows = {person.pk: person for person in self.get_queryset().filter(pk__in=ids)}
        return Response(self.shown([rows[pk] for pk in ids if pk in rows]))

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def record(self, request: Request, pk: UUID) -> Response:
        """Her health record (QĐ 831/QĐ-BYT), sections A and B: without what only few may read."""
        person = queries.get_person(pk)
        if person is None:
            raise Http404
        if not reading.may_open(current(), person):
            raise PermissionDenied
        readlog.record("record.api", [person.pk])
        return Response(reading.as_data(current(), person))


def tried(act: Callable[[], Done]) -> Done:
    """What a service did, or its no as an answer. After the refused save was taken back."""
    try:
        return act()
    except StaleVersion as outrun:
        raise stale(outrun, "Hồ sơ vừa được người khác sửa; hãy đọc lại rồi gửi lại.") from outrun
    except Refused as refused:
        note_taken(refused)
        raise refusal(refused) from refused
    except NeedsReason as needed:
        raise warnings(needed) from needed
    except services.PossibleDuplicates as alike:
        ids = [candidate.person.pk for candidate in alike.candidates]
        readlog.record("person.duplicates", ids)
        raise Unwilling({"candidates": [str(pk) for pk in ids]}, status=409) from alike


def register(router: BaseRouter) -> None:
    router.register("people", PersonViewSet, basename="people")
