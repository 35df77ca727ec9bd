"""What the models cannot say: the logs can be added to, never changed, not by the application and not by a
bulk statement; and what counts attempts need not survive a crash.
"""

from django.db import migrations

SEQUENCES = """
ALTER SEQUENCE core_auditentry_seq OWNED BY core_auditentry.seq;
ALTER SEQUENCE core_readentry_seq OWNED BY core_readentry.seq;
"""
UNLOGGED = "ALTER TABLE core_ratecount SET UNLOGGED"
TABLES = ("core_auditentry", "core_readentry", "core_logseal")

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
    operations = [
        migrations.RunSQL(SEQUENCES, migrations.RunSQL.noop),
        migrations.RunSQL(UNLOGGED, migrations.RunSQL.noop),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
