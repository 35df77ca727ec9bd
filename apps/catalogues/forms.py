"""The province's form that sends a catalogue file."""

from django import forms
from django.utils import timezone

from apps.core.fields import DateField
from apps.core.forms import FormKeyMixin


class UploadForm(FormKeyMixin):
    """A file and the day from which rows that it no longer holds are not used any more."""

    file = forms.FileField(label="Tệp danh mục (.xlsx hoặc .csv)", allow_empty_file=True, max_length=200)
    effective_on = DateField(
        label="Các dòng không còn trong tệp ngừng dùng từ ngày", initial=timezone.localdate
    )
