"""A station's search reads its own people's tokens alone, however large the province is.

A generated column cannot be altered: it is made anew, with its index. About a minute a million people.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models
from django.db.models import F, Func, Value
from django.db.models.functions import Cast, Concat, Right

TEXT = models.TextField()
MARK = Concat(Value("\\1Z"), Right(Cast(F("station"), TEXT), 6), output_field=TEXT)
MARKED = Func(F("tokens"), Value("(^| )"), MARK, Value("g"), function="regexp_replace", output_field=TEXT)
BOTH = Func(Concat(F("tokens"), Value(" "), MARKED, output_field=TEXT), function="btrim", output_field=TEXT)
ARRAY = Func(BOTH, Value(" "), function="string_to_array", output_field=TEXT)
SEARCH = Func(
    ARRAY, function="array_to_tsvector", output_field=django.contrib.postgres.search.SearchVectorField()
)


class Migration(migrations.Migration):
    dependencies = [("patients", "0008_deaths")]

    operations = [
        migrations.RemoveIndex(model_name="person", name="person_search"),
        migrations.RemoveField(model_name="person", name="search"),
        migrations.AddField(
            model_name="person",
            name="search",
            field=models.GeneratedField(
                db_persist=True,
                expression=SEARCH,
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="person_search"),
        ),
    ]
