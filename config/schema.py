"""How the API describes itself."""

from typing import Any

from drf_spectacular.generators import SchemaGenerator

from apps.core import scope


class Generator(SchemaGenerator):
    """Looks at models and never at rows, but asks their managers as if it would: so it needs a scope."""

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        with scope.system("describe the API"):
            return super().get_schema(*args, **kwargs)
