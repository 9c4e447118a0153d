from django.db import migrations

FORBID = """
CREATE FUNCTION forbid_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'cells_auditentry is append-only';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON cells_auditentry
    FOR EACH ROW EXECUTE FUNCTION forbid_audit_change();
"""
ALLOW = """
DROP TRIGGER audit_append_only ON cells_auditentry;
DROP FUNCTION forbid_audit_change();
"""


class Migration(migrations.Migration):
    """Nobody rewrites the past through the application's own database role."""

    dependencies = [("cells", "0001_initial")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
