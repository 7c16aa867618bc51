"""Makes a business with a widget in the database of DATABASE_URL, in a process of its own; prints its tenant's id.

What it checks on the way: the settings of one transaction are unknown to the next, whichever connection that gets.
"""

import os


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
    django.setup()
    from django.db import connection, transaction

    from apps.tenants.models import Tenant
    from apps.tenants.rls import assert_runtime_role
    from apps.tenants.scope import tenant_scope
    from tests.chat.conftest import open_for_business
    from tests.conftest import make_tenant

    assert_runtime_role()
    mine, theirs = make_tenant("riverside", "Riverside Clinic"), make_tenant("harbor", "Harbor Salon")
    open_for_business(mine, key="wk_riverside")
    for tenant in (mine, theirs) * 3:
        with tenant_scope(tenant.pk), connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {Tenant._meta.db_table}")
            assert cursor.fetchall() == [(tenant.pk,)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {Tenant._meta.db_table}")
            assert cursor.fetchone() == (0,), "no scope, no row"
        connection.close()
    print(mine.pk)


if __name__ == "__main__":
    main()
