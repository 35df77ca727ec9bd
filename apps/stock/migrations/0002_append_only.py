"""The ledger's rows can be added, never changed: not by the application, not by a bulk statement."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON stock_stockmovement
    FOR EACH STATEMENT EXECUTE FUNCTION core_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON stock_stockmovement
    FOR EACH STATEMENT EXECUTE FUNCTION core_append_only();
"""
BACKWARD = """
DROP TRIGGER append_only ON stock_stockmovement;
DROP TRIGGER append_only_truncate ON stock_stockmovement;
"""


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
