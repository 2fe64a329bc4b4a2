"""StartJobRun for real: ministack marks Spark jobs SUCCEEDED without running them; here a job run is a local
Spark process.
"""

from __future__ import annotations

import contextvars
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import boto3
from ministack.core.responses import error_response_json, json_response
from ministack.services import glue
from ministack.services.cloudformation import provisioners

from local.aws.job_process import JobCommand, JobProcess, RunState
from local.aws.jvm import Jvms
from local.aws.pythons import Pythons

DEFAULT_TIMEOUT_MINUTES = 480  # AWS Glue default for Glue 5.0 and later


class Runs:
    """The job runs of this emulation. Their folders are `<state>/glue/<run id>`."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "glue"
        self._jvms = Jvms(self._folder)
        self._pythons = Pythons()
        self._processes: dict[str, JobProcess] = {}
        self._lock = threading.Lock()

    def start(self, data: dict[str, Any]) -> Any:
        """StartJobRun."""
        name = data.get("JobName")
        job = glue._jobs.get(name)
        if job is None:
            return error_response_json("EntityNotFoundException", f"job {name} not found", 400)
        with self._lock:
            active = [r for r in glue._job_runs.get(name) or [] if RunState(r["JobRunState"]).active]
            if len(active) >= int((job.get("ExecutionProperty") or {}).get("MaxConcurrentRuns", 1)):
                return error_response_json(
                    "ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}", 400
                )
            run = self._run(job, data, f"jr_{uuid.uuid4().hex * 2}")
        self._launch(job, run)
        return json_response({"JobRunId": run["Id"]})

    def stop(self, data: dict[str, Any]) -> Any:
        """BatchStopJobRun: the processes end, then ministack's own bookkeeping answers."""
        for run_id in data.get("JobRunIds", []):
            if (process := self._processes.get(run_id)) is not None:
                process.stop()
        return self._stock_stop(data)

    def stop_all(self) -> None:
        for process in list(self._processes.values()):
            process.stop()
        self._jvms.close()
        self._pythons.close()

    def settle(self) -> None:
        """Runs that were active when an earlier emulation ended are over."""
        for runs in glue._job_runs._data.values():
            for run in runs:
                if RunState(run["JobRunState"]).active:
                    run |= {
                        "JobRunState": RunState.STOPPED.value,
                        "ErrorMessage": "the emulation ended",
                        "CompletedOn": int(time.time()),
                    }

    def _run(
        self, job: dict[str, Any], data: dict[str, Any], run_id: str, attempt: int = 0
    ) -> dict[str, Any]:
        now = time.time()
        run = {
            "Id": run_id,
            "Attempt": attempt,
            "JobName": job["Name"],
            "StartedOn": now,
            "LastModifiedOn": now,
            "JobRunState": RunState.STARTING.value,
            "Arguments": dict(data.get("Arguments") or {}),
            "PredecessorRuns": [],
            "ExecutionTime": 0,
            "Timeout": data.get("Timeout") or job.get("Timeout") or DEFAULT_TIMEOUT_MINUTES,
            "LogGroupName": job.get("DefaultArguments", {}).get("--custom-logGroup-prefix", "/aws-glue/jobs"),
            **{k: job[k] for k in ("WorkerType", "NumberOfWorkers", "GlueVersion") if job.get(k)},
        }
        glue._job_runs[job["Name"]] = [*(glue._job_runs.get(job["Name"]) or []), run]
        return run

    def _launch(self, job: dict[str, Any], run: dict[str, Any]) -> None:
        command = JobCommand(
            job=job["Name"],
            run_id=run["Id"],
            script=job["Command"]["ScriptLocation"],
            arguments={
                **job.get("DefaultArguments", {}),
                **run["Arguments"],
                **(job.get("NonOverridableArguments") or {}),
            },
            timeout_minutes=float(run["Timeout"]),
            folder=self._folder / run["Id"],
        )
        process = self._processes[run["Id"]] = JobProcess(
            command, boto3.client("s3"), self._jvms, self._pythons
        )
        run["JobRunState"] = RunState.RUNNING.value
        # Threads do not inherit the request's account and region.
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run,
            args=(self._follow, job, run, process),
            daemon=True,
            name=f"glue-{run['Id'][:12]}",
        ).start()

    def _follow(self, job: dict[str, Any], run: dict[str, Any], process: JobProcess) -> None:
        try:
            state, reason = process.execute()
        except Exception as error:  # noqa: BLE001 - else the run would go on for ever, for who asks
            state, reason = RunState.FAILED, f"{type(error).__name__}: {error}"
        now = time.time()
        run |= {
            "CompletedOn": now,
            "LastModifiedOn": now,
            "ExecutionTime": int(now - run["StartedOn"]),
            "ErrorMessage": reason,
        }
        run["JobRunState"] = state.value
        del self._processes[run["Id"]]
        if state is RunState.FAILED and run["Attempt"] < int(job.get("MaxRetries") or 0):
            attempt = run["Attempt"] + 1
            again = f"{run['Id'].partition('_attempt_')[0]}_attempt_{attempt}"
            self._launch(
                job,
                self._run(job, {"Arguments": run["Arguments"], "Timeout": run["Timeout"]}, again, attempt),
            )

    _stock_stop = staticmethod(glue._batch_stop_job_run)


def install(state: Path) -> Runs:
    runs = Runs(state)
    glue._start_job_run = runs.start
    glue._batch_stop_job_run = runs.stop
    _keep_execution_property()
    restore = glue.load_persisted_state

    def load_persisted_state(data: dict[str, Any]) -> Any:
        result = restore(data)
        runs.settle()
        return result

    glue.load_persisted_state = load_persisted_state
    return runs


def _keep_execution_property() -> None:
    """ministack drops MaxConcurrentRuns from a job, both from the API and from a template."""
    create, update = glue._create_job, glue._update_job

    def create_job(data: dict[str, Any]) -> Any:
        answer = create(data)
        _keep(data.get("Name"), data)
        return answer

    def update_job(data: dict[str, Any]) -> Any:
        answer = update(data)
        _keep(data.get("JobName"), data.get("JobUpdate", {}))
        return answer

    glue._create_job, glue._update_job = create_job, update_job
    provisioners._GLUE_JOB_DEFAULTS["ExecutionProperty"] = {}


def _keep(name: str | None, given: dict[str, Any]) -> None:
    job = glue._jobs.get(name)
    if job is not None and "ExecutionProperty" in given:
        job["ExecutionProperty"] = given["ExecutionProperty"]
