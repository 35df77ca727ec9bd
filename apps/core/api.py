"""What every part of the API shares: rights, keyset pages, one read-log row a page, refusals as sentences."""

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.views.decorators.cache import never_cache
from rest_framework.exceptions import APIException, ParseError
from rest_framework.pagination import BasePagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.viewsets import GenericViewSet

from apps.core import readlog
from apps.core.errors import NeedsReason, Refused
from apps.core.paging import Page, keyset
from apps.core.scope import active

PAGE = 50
LARGEST_PAGE = 200


class ShallowJSON(JSONParser):
    """JSON that is nested out of all measure is a bad request, not a fault."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as deep:
            raise ParseError("JSON lồng quá sâu.") from deep


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
            {"name": "c", "in": "query", "required": False, "schema": {"type": "string"}},
            {
                "name": "size",
                "in": "query",
                "required": False,
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


class Unwilling(APIException):
    """A service said no: the sentences, by field."""

    status_code = 422

    def __init__(self, detail: dict[str, Any], status: int = 422) -> None:
        super().__init__(detail)
        self.status_code = status


def refusal(refused: Refused) -> Unwilling:
    return Unwilling({refused.field or "__all__": [refused.message]})


def warnings(needed: NeedsReason) -> Unwilling:
    """What is odd; the same request with a `reason` goes through."""
    return Unwilling({warning.field or "__all__": [warning.sentence] for warning in needed.warnings})
