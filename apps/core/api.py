"""What every part of the API shares: rights, keyset pages, one read-log row a page, refusals as sentences."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import models, transaction
from django.views.decorators.cache import never_cache
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError
from rest_framework.fields import empty
from rest_framework.pagination import BasePagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.viewsets import GenericViewSet

from apps.core import readlog
from apps.core.errors import NeedsReason, Refused
from apps.core.idempotency import claim
from apps.core.models import SubmittedForm
from apps.core.paging import Page, keyset
from apps.core.rates import TooOften
from apps.core.scope import active
from apps.core.versions import StaleVersion

PAGE = 50
LARGEST_PAGE = 200


class ShallowJSON(JSONParser):
    """JSON that is nested out of all measure is a bad request, not a fault."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as deep:
            raise ParseError("JSON lồng quá sâu.") from deep
        except ParseError as broken:
            raise ParseError("Dữ liệu gửi lên không phải JSON đúng dạng.") from broken


class StrictSerializer(serializers.Serializer):
    """What a program sends: a name that nobody knows is told, not passed over."""

    def run_validation(self, data: Any = empty) -> Any:
        if data is None:
            raise serializers.ValidationError({"non_field_errors": ["Dữ liệu phải là một đối tượng JSON."]})
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(name)[:60] for name in data if name not in self.fields]
            if unknown:
                told = {name: ["Không có mục này."] for name in sorted(unknown)[:20]}
                raise serializers.ValidationError(told)
        return super().to_internal_value(data)


class HasRight(BasePermission):
    """At a workplace, and holding the right of the view's class (or of its action, in `rights`)."""

    message = "Bạn không có quyền này ở nơi làm việc đang chọn."

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = active()
        return scope is not None and scope.can(view.rights.get(view.action, view.right))


class KeysetPages(BasePagination):
    """Pages by key: `c` is the cursor of the page before, `size` how many rows. The cursor holds no name."""

    page: Page[Any]

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.page = keyset(
            queryset, order=view.order, cursor=request.query_params.get("c", ""), size=self._size(request)
        )
        return self.page.items

    def _size(self, request: Request) -> int:
        asked = request.query_params.get("size", "")
        return min(max(int(asked), 1), LARGEST_PAGE) if re.fullmatch("[0-9]{1,4}", asked) else PAGE

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._address(self.page.next_cursor),
                "previous": self._address(self.page.previous_cursor),
                "results": data,
            }
        )

    def _address(self, cursor: str) -> str | None:
        if not cursor:
            return None
        return replace_query_param(remove_query_param(self.request.build_absolute_uri(), "c"), "c", cursor)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": address, "previous": address, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "c",
                "in": "query",
                "required": False,
                "description": "Trang tiếp theo: lấy nguyên từ `next` hoặc `previous` của trang trước.",
                "schema": {"type": "string"},
            },
            {
                "name": "size",
                "in": "query",
                "required": False,
                "description": f"Số dòng một trang, không ghi là {PAGE}.",
                "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
            },
        ]


class ScopedViewSet(GenericViewSet):
    """A viewset over a scoped query. `screen` names its row in the read log; `people_of` says who was
    seen.
    """

    right: ClassVar[str]
    rights: ClassVar[dict[str, str]] = {}
    screen: ClassVar[str]
    order: ClassVar[Sequence[str]] = ("id",)
    permission_classes = [HasRight]
    pagination_class = KeysetPages
    parser_classes = [ShallowJSON]
    lookup_value_converter = "uuid"

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Callable[..., Any]:
        view = never_cache(super().as_view(actions, **initkwargs))  # people's data stay in no cache
        view.access = cls.right  # the mark that every view of the house carries
        return view

    def throttled(self, request: Request, wait: float) -> None:
        raise TooOften(math.ceil(wait))

    def people_of(self, rows: Sequence[models.Model]) -> list[UUID]:
        raise NotImplementedError

    def context_for(self, rows: Sequence[models.Model]) -> dict[str, Any]:
        """What the serializer needs for a batch of rows beside themselves."""
        return {}

    def list(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.shown(rows))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return Response(self.shown([self.get_object()])[0])

    def shown(self, rows: Sequence[models.Model]) -> Any:
        """The rows as JSON, with one row in the read log for the people in them."""
        if people := self.people_of(rows):
            readlog.record(self.screen, people)
        context = {**self.get_serializer_context(), **self.context_for(rows)}
        return self.get_serializer_class()(rows, many=True, context=context).data


KEY = "Idempotency-Key"
KEY_HEADER = OpenApiParameter(
    KEY,
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    required=True,
    description="UUID do bên gọi tạo cho mỗi lần ghi; gửi lại cùng khóa thì không ghi lần nữa.",
)


def once(request: Request, act: Callable[[], UUID]) -> tuple[UUID, bool]:
    """Do `act` once for the key of the request: the id of what came of it, and whether it came just now.

    A repeat gets the first id; what raises takes the key back. The same key for something else is a 409.
    """
    try:
        key = UUID(request.headers.get(KEY, ""))
    except ValueError:
        raise Unwilling({KEY: ["Cần tiêu đề Idempotency-Key là một UUID."]}, status=400) from None
    with transaction.atomic():
        if not claim(key, request._request):
            before = SubmittedForm.objects.get(key=key)
            if before.user_id != request.user.pk or before.path != request.path:
                raise Unwilling({KEY: ["Khóa này đã dùng cho việc khác."]}, status=409)
            return UUID(before.location), False
        made = act()
        SubmittedForm.objects.filter(key=key).update(location=str(made))
    return made, True


def stale(error: StaleVersion, sentence: str) -> "Unwilling":
    """Somebody has saved since: the version that is stored now."""
    return Unwilling({"version": [sentence], "current": error.current.version}, status=409)


def masked(number: str) -> str:
    """A number of a paper or card for whoever may not take numbers away: the last four signs."""
    return "*" * max(len(number) - 4, 0) + number[-4:] if len(number) > 4 else "*" * len(number)


class Unwilling(APIException):
    """A service said no: the sentences, by field."""

    status_code = 422

    def __init__(self, detail: dict[str, Any], status: int = 422) -> None:
        super().__init__(detail)
        self.detail = detail  # as it was said: a version stays a number
        self.status_code = status


def refusal(refused: Refused) -> Unwilling:
    return Unwilling({refused.field or "__all__": [refused.message]})


def warnings(needed: NeedsReason) -> Unwilling:
    """What is odd; the same request with a `reason` goes through."""
    return Unwilling({warning.field or "__all__": [warning.sentence] for warning in needed.warnings})
