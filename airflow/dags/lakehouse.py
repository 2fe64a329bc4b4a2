"""A DAG for each domain of a lakehouse: starts a run of the domain's state machine, waits without a worker,
and tells other DAGs when gold has changed.

Copy this file to where Airflow 3 finds DAGs. It needs apache-airflow-providers-amazon[aiobotocore], and
nothing of the lakehouse; the environment variables below say what is run (docs/howto/airflow.md).
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.amazon.aws.operators.step_function import (
    StepFunctionGetExecutionOutputOperator,
    StepFunctionStartExecutionOperator,
)
from airflow.sdk import DAG, Asset, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

# ARNs of state machines, with blanks between: the outputs `<domain>-machine` of the stacks.
MACHINES = os.environ.get("LAKEHOUSE_MACHINES", "").split()
SCHEDULE = os.environ.get("LAKEHOUSE_SCHEDULE") or None
CONNECTION = os.environ.get("LAKEHOUSE_CONNECTION") or None  # None: the credentials of Airflow's processes
POLL_SECONDS = int(os.environ.get("LAKEHOUSE_POLL_SECONDS", "30"))
LONGEST = timedelta(hours=12)  # then Airflow gives up on the run, which goes on

# What a run may be asked for, as `./lake run` has it.
PARAMS = {
    "from_date": Param(
        None, type=["null", "string"], format="date", description="first event date to read again"
    ),
    "to_date": Param(
        None, type=["null", "string"], format="date", description="last event date to read again"
    ),
    "full_refresh": Param(False, type="boolean", description="compute everything anew from the files"),
    "accept_gate": Param(
        False, type="boolean", description="let gold follow though the quality gate is closed"
    ),
}
log = logging.getLogger(__name__)


def asked(params: Mapping[str, Any]) -> dict[str, Any]:
    """The run's input: the state machine refuses what it does not know; nothing means all that waits."""
    return {name: params[name] for name in PARAMS if params[name]}


def execution(run_id: str, moment: datetime, attempt: int) -> str:
    """The name of an execution: another for each attempt, as Step Functions takes none twice."""
    return f"{moment:%Y%m%dT%H%M%SZ}-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}-{attempt}"


def gold(machine: str) -> Asset:
    """What other DAGs name in their `schedule`, so as to run when a domain's gold has changed."""
    return Asset(name=f"{machine.rpartition(':')[2]}-gold", group="lakehouse")


def domain_dag(machine: str) -> DAG:
    """The DAG is called like the state machine, `<prefix>-<env>-<domain>`."""
    name = machine.rpartition(":")[2]
    with DAG(
        name,
        schedule=SCHEDULE,
        start_date=datetime(2026, 1, 1),
        catchup=False,  # a run takes all that waits, whatever its day
        max_active_runs=1,  # the next would wait for the domain's lock
        params=PARAMS,
        render_template_as_native_obj=True,
        user_defined_filters={"asked": asked, "execution": execution},
        tags=["lakehouse"],
        doc_md=__doc__,
    ) as dag:
        run = StepFunctionStartExecutionOperator(
            task_id="run",
            state_machine_arn=machine,
            name="{{ dag_run.run_id | execution(dag_run.run_after, ti.try_number) }}",
            state_machine_input="{{ params | asked }}",
            deferrable=True,
            waiter_delay=POLL_SECONDS,
            waiter_max_attempts=int(LONGEST.total_seconds() // POLL_SECONDS),
            aws_conn_id=CONNECTION,
        )
        result = StepFunctionGetExecutionOutputOperator(
            task_id="result", execution_arn=run.output, aws_conn_id=CONNECTION
        )
        gold_changed.override(outlets=[gold(machine)])(result.output)
    return dag


@task
def gold_changed(result: dict[str, Any]) -> None:
    """Tells who depends on gold, unless there was nothing new: then it is skipped, and nobody is told."""
    log.info("run %s: gate %s %s", result["run_id"], result["gate"], result["findings"])
    if not result["changed"]:
        raise AirflowSkipException("nothing new: gold is as it was")
    context = get_current_context()
    for asset in context["task"].outlets:
        context["outlet_events"][asset].extra = {"run_id": result["run_id"], "gate": result["gate"]}


for machine in MACHINES:
    domain_dag(machine)
