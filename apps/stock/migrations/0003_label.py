"""Items are picked and typed by a short code of the station's own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stock", "0002_append_only")]
    operations = [
        migrations.AddField(
            "stockitem",
            "label",
            models.CharField(default="", max_length=100, verbose_name="mã trong kho"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "stockitem",
            models.UniqueConstraint(fields=["station", "label"], name="stock_item_label"),
        ),
    ]
