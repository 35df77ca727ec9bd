"""Many waiting rows: a claim looks at a handful of them. Counted in blocks: the machine may be busy."""

import json
import os
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.sync import claims
from tests.factories.sync import warehouse

ROWS = int(os.environ.get("TRAMYTE_TEST_ROWS", "200000"))
PUT = """
INSERT INTO sync_outboxrow (id, created_at, updated_at, version, receiver_id, kind, aggregate_id, person_id,
    facility_id, state, change_no, sent_change, attempts, tries, conflicts, in_parts, next_at, changed_at,
    reason, issues, need)
SELECT gen_random_uuid(), now(), now(), 1, %s, 'visit', gen_random_uuid(), md5((n %% %s)::text)::uuid,
    gen_random_uuid(), 'pending', 1, 0, 0, 0, 0, false, now() - (n || ' seconds')::interval, now(),
    '', '[]', ''
FROM generate_series(1, %s) n
"""


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [2000, pytest.param(ROWS, marks=pytest.mark.slow)])
def test_a_claim_among_many_rows_reads_few_blocks(rows):
    receiver = warehouse("http://127.0.0.1:9/fhir")
    now = timezone.now()
    values = {"receiver": receiver.pk, "lease": uuid.uuid4(), "now": now, "limit": 20}
    with connection.cursor() as cursor:
        cursor.execute(PUT, [receiver.pk, rows // 3, rows])
        cursor.execute("ANALYZE sync_outboxrow")
        explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + claims._CLAIM
        cursor.execute(explain, {**values, "until": now + timedelta(seconds=180)})
        told = cursor.fetchone()[0]
    plan = (json.loads(told) if isinstance(told, str) else told)[0]
    blocks = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    print(f"claim of 20 among {rows}: {plan['Execution Time']:.1f} ms, {blocks} blocks")
    assert plan["Plan"]["Actual Rows"] == 20
    assert blocks < 3000
