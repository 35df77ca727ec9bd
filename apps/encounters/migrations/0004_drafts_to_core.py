"""What was typed into a visit and not saved becomes a draft of the core: nothing typed is lost."""

from typing import Any

from django.db import migrations


def move(apps: Any, schema_editor: Any) -> None:
    old, new = apps.get_model("encounters", "VisitDraft"), apps.get_model("core", "Draft")
    rows = (
        new(
            id=draft.pk,
            user_id=draft.user_id,
            facility_id=draft.visit.facility_id,
            kind="visit",
            object_id=draft.visit_id,
            data={
                name: values
                for name, values in draft.data.items()
                if name not in ("csrfmiddlewaretoken", "form_key", "version")
            },
            of_version=draft.of_version,
            saved_at=draft.updated_at,
        )
        for draft in old.objects.select_related("visit").iterator()
    )
    new.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0009_draft"),
        ("encounters", "0003_restricted"),
    ]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.DeleteModel(name="VisitDraft"),
    ]
