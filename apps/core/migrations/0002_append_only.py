"""Audit and read rows can be added, never changed: not by the application, not by a bulk statement."""

from django.db import migrations

TABLES = ("core_auditentry", "core_readentry")

FORWARD = """
CREATE FUNCTION core_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
""" + "".join(
    f"""
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION core_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION core_append_only();
"""
    for table in TABLES
)

BACKWARD = (
    "".join(
        f"DROP TRIGGER append_only ON {table}; DROP TRIGGER append_only_truncate ON {table};"
        for table in TABLES
    )
    + "DROP FUNCTION core_append_only();"
)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
