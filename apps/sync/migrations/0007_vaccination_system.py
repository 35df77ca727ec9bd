from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0006_limits_and_hours"),
    ]

    operations = [
        migrations.AlterField(
            model_name="receiver",
            name="kind",
            field=models.CharField(
                choices=[
                    ("fhir", "FHIR R4 (gói giao dịch)"),
                    ("qd831", "Hồ sơ sức khỏe XML (QĐ 831)"),
                    ("vaccination", "Hệ thống tiêm chủng quốc gia"),
                ],
                default="fhir",
                max_length=20,
                verbose_name="cách gửi",
            ),
        ),
    ]
