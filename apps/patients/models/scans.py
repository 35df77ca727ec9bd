"""A card that was scanned and belongs to nobody stored yet: it waits for the form that it fills."""

import datetime as dt

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

KEPT_FOR = dt.timedelta(minutes=30)  # from the scan to the filled form; after it the card is scanned again


class ScannedCard(models.Model):
    """The last unknown card that a user scanned: its read fields, never its raw text. One row a user."""

    user_id = models.UUIDField(primary_key=True)
    fields = models.JSONField(encoder=DjangoJSONEncoder)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "thẻ vừa quét"
        verbose_name_plural = "thẻ vừa quét"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
