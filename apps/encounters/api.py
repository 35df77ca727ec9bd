"""Visits over the API: the same queries and services as the pages.

Receiving, ending, undoing and moving a visit need the header `Idempotency-Key` (a UUID): the same key does it
once.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import django_filters.rest_framework
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from apps.care import queries as care
from apps.care.vitals import BY_KEY
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
from apps.encounters import moving, services, states, undoing
from apps.encounters.forms import MAX_LINES
from apps.encounters.inputs import DiagnosisInput, LineInput, Opening, VisitInput
from apps.encounters.models import (
    EXAM,
    Certainty,
    Diagnosis,
    DiagnosisRole,
    Payer,
    Prescription,
    PrescriptionLine,
    Visit,
)
from apps.encounters.money.api import ReceiptViewSet
from apps.encounters.writing import Problems
from apps.patients.models import Person

MAX_DIAGNOSES = 30
TEXTS = ("reason", "history", "examination", "course", "treatment_text", "advice", "outcome", "result")

MORE = ("findings", "sick_child", "injury_cause", "follow_up_on")


class DiagnosisSerializer(serializers.ModelSerializer):
    class Meta:
        model = Diagnosis
        fields = ["id", "role", "icd_edition", "icd_code", "icd_name", "text", "certainty", "disease_key"]


class LineSerializer(serializers.ModelSerializer):
    drug_code = serializers.CharField(source="drug.code")

    class Meta:
        model = PrescriptionLine
        fields = [
            "id", "drug_code", "drug_name", "strength", "unit", "route_code", "dose", "dose_unit",
            "times_per_day", "days", "quantity", "usage", "note",
        ]  # fmt: skip


class PrescriptionSerializer(serializers.ModelSerializer):
    lines = LineSerializer(many=True)

    class Meta:
        model = Prescription
        fields = ["id", "kind", "code", "lines"]


class VisitSerializer(serializers.ModelSerializer):
    diagnoses = DiagnosisSerializer(many=True)
    prescriptions = PrescriptionSerializer(many=True)
    vitals = serializers.SerializerMethodField()

    class Meta:
        model = Visit
        fields = [
            "id", "version", "updated_at", "number", "kind", "state", "on", "queue_no", "occurred_at",
            "person", "facility", "point", "performer", "doctor", "signed_at", "finalised_at", "payer",
            "card", "free_for", "rank", "priority_for", "room", "call", "called_at", "left_at",
            *TEXTS, "findings", "sick_child", "sick_judged", "injury_cause",
            "summary", "follow_up_on", "diagnoses", "prescriptions", "vitals",
        ]  # fmt: skip

    @extend_schema_field(serializers.DictField(child=serializers.DecimalField(9, 3)))
    def get_vitals(self, visit: Visit) -> Any:
        return self.context["vitals"].get(visit.pk, {})


class OpeningSerializer(serializers.Serializer):
    """Receives a person. `override` is the reason for a second visit on one day, or BHYT without a card."""

    person = serializers.UUIDField()
    reason = serializers.CharField(max_length=500, required=False, default="")
    payer = serializers.ChoiceField(choices=Payer.choices, required=False, default="")
    card = serializers.UUIDField(required=False, allow_null=True, default=None)
    kind = serializers.CharField(max_length=16, required=False, default=EXAM)
    emergency = serializers.BooleanField(required=False, default=False)
    free_for = serializers.CharField(max_length=16, required=False, default="", allow_blank=True)
    room = serializers.UUIDField(required=False, allow_null=True, default=None)
    override = serializers.CharField(max_length=300, required=False, default="")


class DiagnosisWriteSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=10)
    role = serializers.ChoiceField(choices=DiagnosisRole.choices, default="secondary")
    text = serializers.CharField(max_length=500, required=False, default="")
    certainty = serializers.ChoiceField(choices=Certainty.choices, required=False, default="")
    disease_key = serializers.CharField(max_length=40, required=False, default="")


class LineWriteSerializer(serializers.Serializer):
    drug_code = serializers.CharField(max_length=80)
    dose = serializers.DecimalField(9, 3)
    dose_unit = serializers.CharField(max_length=40, required=False, default="")
    times_per_day = serializers.IntegerField(min_value=0, max_value=999)
    days = serializers.IntegerField(min_value=0, max_value=9999)
    quantity = serializers.DecimalField(9, 2, required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class SaveSerializer(serializers.Serializer):
    """What is not sent stays as it is stored. `vitals` is {sign: figure, or null to take it back},
    `findings` {organ: words} and `sick_child` {sign: 'yes', days or choice} whole: what is not sent of
    them is taken back."""

    version = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)
    history = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    examination = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    findings = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_blank=True), required=False
    )
    sick_child = serializers.DictField(child=serializers.CharField(max_length=20), required=False)
    injury_cause = serializers.CharField(max_length=2, required=False, allow_blank=True)
    course = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    treatment_text = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    advice = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    follow_up_on = serializers.DateField(required=False, allow_null=True)
    outcome = serializers.CharField(max_length=10, required=False, allow_blank=True)
    result = serializers.CharField(max_length=10, required=False, allow_blank=True)
    vitals = serializers.DictField(child=serializers.DecimalField(9, 3, allow_null=True), required=False)
    diagnoses = DiagnosisWriteSerializer(  # type: ignore[call-arg]  # the list's own argument
        many=True, required=False, max_length=MAX_DIAGNOSES
    )
    lines = LineWriteSerializer(  # type: ignore[call-arg]  # the list's own argument
        many=True, required=False, max_length=MAX_LINES
    )

    def validate_vitals(self, value: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(set(value) - set(BY_KEY)):
            raise serializers.ValidationError(f"Không có chỉ số {', '.join(unknown)[:100]}.")
        return value


class EndSerializer(serializers.Serializer):
    """Ends a visit; `override` is the reason for what is odd."""

    version = serializers.IntegerField(min_value=1)
    override = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class UndoSerializer(StrictSerializer):
    """Opens a visit again that was ended a moment ago."""

    version = serializers.IntegerField(min_value=1, help_text="Phiên bản đã đọc; đã có người sửa thì 409.")


class MoveSerializer(StrictSerializer):
    """It was another person's visit. `override` is the reason for what is odd for her."""

    version = serializers.IntegerField(min_value=1, help_text="Phiên bản đã đọc; đã có người sửa thì 409.")
    person = serializers.UUIDField(help_text="Người đúng (id).")
    reason = serializers.CharField(max_length=300, help_text="Vì sao biết là nhầm người.")
    override = serializers.CharField(
        max_length=300, required=False, default="", allow_blank=True,
        help_text="Lý do, khi máy chủ đã báo điều lạ (422).",
    )  # fmt: skip


class VisitFilter(django_filters.FilterSet):
    """Declared by hand: a filterset made from the model would ask it for rows outside any scope."""

    on = django_filters.DateFilter()
    state = django_filters.ChoiceFilter(choices=list(states.TITLES.items()))
    person = django_filters.UUIDFilter(field_name="person_id")
    changed_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")


class VisitViewSet(ScopedViewSet):
    """The visits of the scope's stations and of their people, newest first."""

    right = "visits.view"
    rights = {
        "create": "visits.enter",
        "save": "visits.enter",
        "finalise": "visits.enter",
        "undo": "visits.enter",
        "move": "visits.edit",
    }
    screen = "visit.api"
    order = ("-occurred_at", "-id")
    serializer_class = VisitSerializer
    filterset_class = VisitFilter
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    queryset = Visit.unscoped.none()  # names the model for the schema; nothing is read from it

    def get_queryset(self) -> QuerySet[Visit]:
        # The parts are unscoped: whoever sees the visit sees them.
        lines = PrescriptionLine.unscoped.select_related("drug").order_by("position")
        sheets = Prescription.unscoped.order_by("kind").prefetch_related(Prefetch("lines", lines))
        return Visit.objects.prefetch_related(
            Prefetch("diagnoses", Diagnosis.unscoped.order_by("position")),  # as above
            Prefetch("prescriptions", sheets),
        )

    def people_of(self, rows: Sequence[Any]) -> list[UUID]:
        return [visit.person_id for visit in rows]

    def context_for(self, rows: Sequence[Any]) -> dict[str, Any]:
        return {"vitals": care.measured_in("visit", [visit.pk for visit in rows])}

    @extend_schema(request=OpeningSerializer, responses={201: VisitSerializer}, parameters=[KEY_HEADER])
    def create(self, request: Request) -> Response:
        """Receives a person. 422 with sentences by field."""
        said = _read(OpeningSerializer, request)
        person = Person.objects.select_related("hamlet").filter(pk=said["person"]).first()
        if person is None:
            raise Unwilling({"person": ["Không thấy người này."]})
        opening = Opening(
            reason=said["reason"],
            payer=said["payer"],
            card_id=said["card"],
            kind=said["kind"],
            emergency=said["emergency"],
            free_for=said["free_for"],
            room_id=said["room"],
        )
        return self._once(
            request,
            lambda: services.visit_open(person=person, opening=opening, override=said["override"]),
            201,
        )

    @extend_schema(request=SaveSerializer, responses=VisitSerializer)
    @action(detail=True, methods=["post"])
    def save(self, request: Request, pk: UUID) -> Response:
        """Keeps what was entered so far. 409 when somebody has saved since `version`."""
        said = _read(SaveSerializer, request)
        fields = {name: said[name] for name in (*TEXTS, *MORE) if name in said}
        data = VisitInput(
            fields=fields,
            vitals=said.get("vitals"),
            diagnoses=[DiagnosisInput(**row) for row in said["diagnoses"]] if "diagnoses" in said else None,
            lines=[LineInput(**row) for row in said["lines"]] if "lines" in said else None,
        )
        visit = _tried(lambda: services.visit_save(visit_id=pk, expected_version=said["version"], data=data))
        return self._shown(visit.pk)

    @extend_schema(request=EndSerializer, responses=VisitSerializer, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def finalise(self, request: Request, pk: UUID) -> Response:
        """Ends a visit: finalised, or waiting for a signature."""
        said = _read(EndSerializer, request)
        return self._once(
            request,
            lambda: services.visit_finalise(
                visit_id=pk, expected_version=said["version"], override=said["override"]
            ),
        )

    @extend_schema(request=UndoSerializer, responses=VisitSerializer, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: UUID) -> Response:
        """Opens a visit again, within minutes of its end and while nobody was told of it."""
        said = _read(UndoSerializer, request)
        return self._once(request, lambda: undoing.visit_undo(visit_id=pk, expected_version=said["version"]))

    @extend_schema(request=MoveSerializer, responses={201: VisitSerializer}, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: UUID) -> Response:
        """Wrong person: the visit is entered in error, the answer is the same visit of the right one."""
        if not Visit.objects.filter(pk=pk).exists():  # a foreign one is told before what is wrong in the body
            raise Http404
        said = _read(MoveSerializer, request)
        people = Person.objects.select_related("hamlet").filter(merged_into__isnull=True)
        person = people.filter(pk=said["person"]).first()
        if person is None:
            raise Unwilling({"person": ["Không thấy người này."]})
        return self._once(
            request,
            lambda: moving.visit_move(
                visit_id=pk,
                expected_version=said["version"],
                person=person,
                reason=said["reason"],
                override=said["override"],
            ),
            201,
        )

    def _once(self, request: Request, act: Callable[[], Visit], status: int = 200) -> Response:
        """Do `act` once for the key of the request; a repeat answers with the record that came of it."""
        pk, now = once(request, lambda: _tried(act).pk)
        if not now and not Visit.objects.filter(pk=pk).exists():  # made at another workplace of hers
            raise Http404
        return self._shown(pk, status if now else 200)

    def _shown(self, pk: UUID, status: int = 200) -> Response:
        found = self.get_queryset().filter(pk=pk).first()
        if found is None:  # what a program has just written is restricted: kept, and not read back to it
            return Response(status=204)
        return Response(self.shown([found])[0], status=status)


def _read(serializer: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    said: dict[str, Any] = asked.validated_data
    return said


def _tried(act: Callable[[], Visit]) -> Visit:
    """The visit, or the service's no as an answer."""
    try:
        return act()
    except Visit.DoesNotExist:
        raise Http404 from None
    except PermissionDenied:
        raise Http404 from None
    except StaleVersion as outrun:
        raise stale(outrun, "Lượt khám vừa được người khác sửa.") from outrun
    except Problems as problems:
        raise Unwilling({problem.field: [problem.sentence] for problem in problems.problems}) from problems
    except Refused as refused:
        raise refusal(refused) from refused
    except NeedsReason as needed:
        raise warnings(needed) from needed


def register(router: BaseRouter) -> None:
    router.register("visits", VisitViewSet, basename="visits")
    router.register("receipts", ReceiptViewSet, basename="receipts")
