"""Receivers are set up by the province in Django admin; the outbox can be looked at there, never written."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.catalogues.shipped import TABLES
from apps.core.admin import ReadOnlyAdmin, SectionAdmin
from apps.sync.guarding import receiver_keep
from apps.sync.models import CatalogueSource, OutboxRow, Receiver
from apps.sync.receivers import adapter_for, offered, tokens
from apps.sync.receivers.http import Forbidden, check_address


class ReceiverForm(forms.ModelForm):
    """The receiver's settings are understood before they are saved."""

    class Meta:
        model = Receiver
        fields = ["code", "name", "kind", "base_url", "is_on", "token_key", "allow_private", "settings"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:  # what no room gives records for is nothing to choose yet
            self.fields["kind"].choices = offered()  # type: ignore[attr-defined]

    def clean_settings(self) -> dict[str, Any]:
        settings = self.cleaned_data["settings"] or {}
        if not isinstance(settings, dict):
            raise ValidationError("Thiết lập phải là một đối tượng JSON.")
        return settings

    def clean(self) -> dict[str, Any]:
        """The settings as the chosen kind of receiver understands them."""
        cleaned = super().clean() or self.cleaned_data
        if "settings" in cleaned and "kind" in cleaned:
            try:
                given = {name: cleaned.get(name, "") for name in ("kind", "settings", "base_url")}
                adapter_for(wanted := Receiver(**given))
                if (how := tokens.wanted(wanted)) and how.url.startswith("http"):
                    check_address(how.url)
            except (ValueError, Forbidden) as wrong:
                self.add_error("settings", str(wrong))
        return cleaned

    def clean_base_url(self) -> str:
        return _callable_address(self.cleaned_data["base_url"])


def _callable_address(url: str) -> str:
    try:
        check_address(url)
    except Forbidden as wrong:
        raise ValidationError(str(wrong)) from wrong
    return url


@admin.register(Receiver)
class ReceiverAdmin(SectionAdmin):
    section = "sync"
    form = ReceiverForm
    list_display = ("name", "code", "kind", "base_url", "is_on", "paused_at", "last_accepted_at")
    readonly_fields = ("paused_at", "pause_reason", "failures", "hold_until", "last_accepted_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._can("edit")

    def save_model(self, request: HttpRequest, obj: Receiver, form: forms.ModelForm, change: bool) -> None:
        if receiver_keep(receiver=obj, fields=form.changed_data):
            self.message_user(
                request, "Thiết lập gửi hồ sơ chờ một người khác duyệt mới có hiệu lực.", messages.WARNING
            )


class CatalogueSourceForm(forms.ModelForm):
    """A catalogue of the house, and an address that may be called."""

    table = forms.ChoiceField(label="Danh mục")

    class Meta:
        model = CatalogueSource
        fields = ["table", "url", "is_on", "token_key", "allow_private"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "table" in self.fields:
            self.fields["table"].choices = [(key, table.title) for key, table in TABLES.items()]  # type: ignore[attr-defined]

    def clean_url(self) -> str:
        return _callable_address(self.cleaned_data["url"])


@admin.register(CatalogueSource)
class CatalogueSourceAdmin(SectionAdmin):
    section = "sync"
    form = CatalogueSourceForm
    list_display = ("table", "url", "is_on", "asked_at", "said")
    readonly_fields = ("asked_at", "said")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._can("edit")


@admin.register(OutboxRow)
class OutboxRowAdmin(ReadOnlyAdmin):
    """Counts and states only: no receiver's words, which may quote a person."""

    section = "sync"
    list_display = ("id", "receiver", "kind", "state", "attempts", "last_status", "changed_at")
    list_filter = ("receiver", "kind", "state")
    fields = ("receiver", "kind", "state", "attempts", "tries", "last_status", "changed_at", "settled_at")
    list_select_related = ("receiver",)
    show_full_result_count = False
