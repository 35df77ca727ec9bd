"""What the pages of issued papers take in, beside the form of each kind."""

from django import forms

from apps.core.fields import CleanCharField, DateField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.encounters.certificates.answering import AnswerInput
from apps.encounters.models import AnswerKind, CertificateKind


def _lines(label: str, **kwargs: str) -> CleanCharField:
    return CleanCharField(
        label=label,
        max_length=2000,
        required=False,
        lines=True,
        widget=forms.Textarea({"rows": 2}),
        **kwargs,
    )


class WhyForm(FormKeyMixin, VersionMixin):
    """One sentence why."""

    reason = CleanCharField(label="Lý do", max_length=300, error_messages={"required": "Ghi lý do."})


class AnswerForm(FormKeyMixin, VersionMixin):
    """What became of a referral."""

    kind = forms.ChoiceField(
        label="Phản hồi",
        choices=AnswerKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Chọn phản hồi."},
    )
    on = DateField(label="Ngày nhận phản hồi", error_messages={"required": "Ghi ngày nhận phản hồi."})
    number = CleanCharField(label="Số giấy của nơi nhận", max_length=40, required=False)
    diagnosis = CleanCharField(label="Chẩn đoán của nơi nhận", max_length=500, required=False)
    treatment = _lines("Đã điều trị")
    advice = _lines("Đề nghị trạm theo dõi tiếp")

    def answer(self) -> AnswerInput:
        data = self.cleaned_data
        return AnswerInput(**{name: data[name] for name in AnswerInput.__dataclass_fields__})


class ExportForm(FormKeyMixin):
    """The papers of a span as a guarded file."""

    kind = forms.ChoiceField(
        label="Loại giấy", choices=[("", "Tất cả"), *CertificateKind.choices], required=False
    )
    since = DateField(label="Từ ngày")
    until = DateField(label="đến ngày")
    reason = CleanCharField(label="Lý do xuất", max_length=300)
