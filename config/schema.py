"""How the API describes itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from apps.core import scope


class Generator(SchemaGenerator):
    """Looks at models and never at rows, but asks their managers as if it would: so it needs a scope."""

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        with scope.system("describe the API"):
            return super().get_schema(*args, **kwargs)


ANSWERS = {
    "400": "Dữ liệu gửi đi sai dạng: câu giải thích theo từng mục.",
    "401": "Thiếu mã truy cập, hoặc mã sai, hết hạn, đã thu hồi.",
    "403": "Không có quyền này ở nơi làm việc.",
    "404": "Không có bản ghi này trong phạm vi của bạn.",
    "409": "Người khác vừa sửa, có thể trùng người, hoặc khóa đã dùng cho việc khác.",
    "422": "Chưa lưu: câu giải thích theo từng mục; điều lạ thì gửi lại kèm lý do.",
    "429": "Gửi quá nhiều; tiêu đề Retry-After cho biết chờ bao nhiêu giây.",
}
ALWAYS = {"401", "403", "429"}
METHODS = {"get", "post", "put", "patch", "delete"}
FORMS = {
    "uuid": "UUID",
    "date": "ngày, năm-tháng-ngày",
    "date-time": "ngày giờ ISO 8601",
}


def in_vietnamese(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """The words of the page for people stand at each call; docstrings, which are for maintainers, do not."""
    from config.api import router
    from config.api_page import calls, in_words

    known = {(call.method.lower(), call.path): call for call in calls(router)}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            call = known.get((method, path))
            if method not in METHODS or call is None:
                continue
            operation["summary"] = call.says
            operation["description"] = f"{call.says}. Quyền cần có: {in_words(call.right)}."
            wanted = ALWAYS | ({"404"} if "{" in path else set())
            wanted |= {"400", "409", "422"} if method != "get" else {"400"}
            for code in sorted(wanted):
                operation["responses"].setdefault(code, {"description": ANSWERS[code]})
            for answer in operation["responses"].values():
                answer["description"] = answer.get("description") or "Được."
            for parameter in operation.get("parameters", []):
                kept = parameter.get("description", "")
                form = FORMS.get(parameter.get("schema", {}).get("format", ""), "")
                parameter["description"] = kept if _is_ours(kept) else form or "Giá trị để lọc."
    for component in result["components"]["schemas"].values():
        component.pop("description", None)
        for field in component.get("properties", {}).values():
            if not _is_ours(field.get("description", "")):
                field.pop("description", None)
    return result


def _is_ours(text: str) -> bool:
    """Vietnamese, not a generated sentence."""
    return bool(text) and not text.isascii()


class KeyScheme(OpenApiAuthenticationExtension):
    """How a program says who it is."""

    target_class = "apps.facilities.api_access.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
