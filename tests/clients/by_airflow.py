"""Airflow: imports airflow/dags as a scheduler does, runs its DAGs to their end, and prints what became of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

folder, machines = sys.argv[1], sys.argv[2:]
os.environ |= {
    "AIRFLOW_HOME": folder,
    "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parents[2] / "airflow" / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
    "LAKEHOUSE_MACHINES": " ".join(machines),
    "LAKEHOUSE_POLL_SECONDS": "1",
}
airflow = Path(sys.executable).parent / "airflow"
subprocess.run([airflow, "db", "migrate"], check=True, capture_output=True)
subprocess.run([airflow, "dags", "reserialize"], check=True, capture_output=True)

from airflow.dag_processing.dagbag import DagBag  # noqa: E402 - it reads the settings above
from airflow.models.asset import AssetEvent, AssetModel  # noqa: E402
from airflow.utils.session import create_session  # noqa: E402

bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
assert not bag.import_errors, bag.import_errors
found = {}
for name, dag in sorted(bag.dags.items()):
    run = dag.test(run_conf={"full_refresh": True, "from_date": None})
    found[name] = {"state": run.state, "tasks": {t.task_id: t.state for t in run.get_task_instances()}}
with create_session() as session:
    events = session.query(AssetModel.name, AssetEvent.extra).join(
        AssetEvent, AssetEvent.asset_id == AssetModel.id
    )
    told = [[name, extra] for name, extra in events]
print(json.dumps({"runs": found, "told": told}, default=str))
