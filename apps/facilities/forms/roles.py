"""Forms about roles: one begun from another, its functions section by section."""

from typing import Any

from django import forms

from apps.accounts.models import Role
from apps.accounts.rights import by_section
from apps.core.forms import FormKeyMixin, VersionMixin

NAME_MISSING = {"required": "Cần đặt tên cho vai trò."}


class RoleNewForm(FormKeyMixin):
    source = forms.ModelChoiceField(
        label="Lập từ vai trò",
        queryset=Role.objects.all(),
        empty_label="Chọn vai trò gần nhất",
        help_text="Vai trò mới bắt đầu với các quyền của vai trò này, rồi bỏ bớt hoặc thêm.",
        error_messages={"required": "Cần chọn vai trò để bắt đầu."},
    )
    name = forms.CharField(
        label="Tên vai trò mới",
        max_length=120,
        help_text="Ví dụ: Điều dưỡng tiêm chủng.",
        error_messages=NAME_MISSING,
    )


class RoleForm(FormKeyMixin, VersionMixin):
    """A field a section: what is ticked is what the role may do there."""

    name = forms.CharField(label="Tên vai trò", max_length=120, error_messages=NAME_MISSING)

    def __init__(self, *args: Any, offered: set[str], held: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = []
        for section, pairs in by_section(offered):
            self.fields[section.key] = forms.MultipleChoiceField(
                label=section.title,
                choices=[(right, word.capitalize()) for right, word in pairs],
                initial=[right for right, _ in pairs if right in held],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
            self.sections.append(section.key)

    def bound_sections(self) -> list[forms.BoundField]:
        return [self[key] for key in self.sections]

    def ticked(self) -> set[str]:
        return {right for key in self.sections for right in self.cleaned_data[key]}
