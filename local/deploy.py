"""Deploys a cloud assembly into the emulation as the CDK CLI would: assets first, then stack by stack,
created or updated.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.assembly import Asset, StackArtifact, stacks
from local.errors import LakeError
from local.session import Session

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_s3 import S3Client

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"  # what `cdk bootstrap` leaves; templates look at it
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
STACK_SECONDS = 120.0


class DeployError(LakeError):
    """A stack could not be deployed."""


@dataclass(frozen=True)
class Deployment:
    """What was deployed; `recorded` are resource types that the emulation lacks: they were noted, nothing
    behaves.
    """

    stacks: tuple[str, ...]
    outputs: dict[str, str] = field(default_factory=dict)
    recorded: tuple[str, ...] = ()


def deploy_assembly(
    session: Session, assembly: Path, recorded: Path, report: Callable[[str], None] = lambda _: None
) -> Deployment:
    """Deploys every stack of the assembly. Raises DeployError naming stack, resource and reason."""
    artifacts = stacks(assembly)
    # All before the first is deployed: a refusal must not leave half a lakehouse.
    for artifact in artifacts:
        _refuse_custom_resources(artifact)
    session.client("ssm").put_parameter(Name=BOOTSTRAP_PARAMETER, Value="30", Type="String", Overwrite=True)
    s3 = session.client("s3")
    outputs: dict[str, str] = {}
    published: set[Asset] = set()
    for artifact in artifacts:
        for asset in (a for a in artifact.assets if a not in published):
            publish(s3, asset, session.names.account, session.names.region)
            published.add(asset)
        outputs |= _deploy_stack(
            session.client("cloudformation"), artifact, session.names.account, session.names.region
        )
        report(artifact.name)
    return Deployment(tuple(a.name for a in artifacts), outputs, recorded_types(recorded))


def recorded_types(recorded: Path) -> tuple[str, ...]:
    """The types in the emulation's record, with how many there are of each."""
    entries = json.loads(recorded.read_text()) if recorded.exists() else []
    names = [entry["type"] for entry in entries]
    return tuple(f"{name} ×{names.count(name)}" for name in sorted(set(names)))


def publish(s3: S3Client, asset: Asset, account: str, region: str) -> None:
    """Uploads an asset unless it is there; its key is the hash of its content."""
    bucket, key = (_filled(text, account, region) for text in (asset.bucket, asset.key))
    if not _exists(lambda: s3.head_bucket(Bucket=bucket)):
        s3.create_bucket(Bucket=bucket)
    if not _exists(lambda: s3.head_object(Bucket=bucket, Key=key)):
        s3.put_object(
            Bucket=bucket, Key=key, Body=zipped(asset.source) if asset.zipped else asset.source.read_bytes()
        )


def zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(folder))
    return packed.getvalue()


def _deploy_stack(
    cloudformation: CloudFormationClient, artifact: StackArtifact, account: str, region: str
) -> dict[str, str]:
    bucket, _, key = _filled(artifact.template_url, account, region).removeprefix("s3://").partition("/")
    # By URL, whatever its size: a template in the request may have 51,200 bytes at most (CloudFormation
    # quota).
    request: dict[str, Any] = {
        "StackName": artifact.name,
        "TemplateURL": f"https://s3.{region}.amazonaws.com/{bucket}/{key}",
        "Capabilities": CAPABILITIES,
    }
    status = described(cloudformation, artifact.name)
    # CloudFormation updates no stack whose creation failed; only deleting it helps.
    if status is not None and status["StackStatus"] in (
        "ROLLBACK_COMPLETE",
        "CREATE_FAILED",
        "DELETE_FAILED",
    ):
        cloudformation.delete_stack(StackName=artifact.name)
        status = None
    try:
        (cloudformation.create_stack if status is None else cloudformation.update_stack)(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeployError(
                f"stack {artifact.name}: {error.response['Error']['Message']}",
                "mend the stack; ./lake synth writes its template",
            ) from error
    return _outputs(cloudformation, artifact.name)


def _outputs(cloudformation: CloudFormationClient, name: str) -> dict[str, str]:
    deadline = time.monotonic() + STACK_SECONDS
    while (status := described(cloudformation, name)) is None or status["StackStatus"].endswith(
        "IN_PROGRESS"
    ):
        if time.monotonic() > deadline:
            raise DeployError(
                f"stack {name}: not ready after {STACK_SECONDS:.0f} s; its state is"
                f" {status and status['StackStatus']}",
                "./lake up again; if that ends so too, forget its data: ./lake up --reset",
            )
        time.sleep(0.05)
    if status["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeployError(
            f"stack {name}: {status['StackStatus']}."
            f" {_reasons(cloudformation, name) or status.get('StackStatusReason', '')}",
            "mend the stack; ./lake synth writes its template",
        )
    return {f"{name}.{o['OutputKey']}": o["OutputValue"] for o in status.get("Outputs", [])}


def _reasons(cloudformation: CloudFormationClient, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [e for e in events if e["ResourceStatus"].endswith("FAILED") and e.get("ResourceStatusReason")]
    return "; ".join(
        f"{e['LogicalResourceId']} ({e['ResourceType']}): {e['ResourceStatusReason']}"
        for e in reversed(failed)
    )


def described(cloudformation: CloudFormationClient, name: str) -> StackTypeDef | None:
    """A stack as it is; None if there is none."""
    try:
        description = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return description


def _refuse_custom_resources(artifact: StackArtifact) -> None:
    custom = [f"{k} ({r['Type']})" for k, r in artifact.resources.items() if r["Type"].startswith("Custom::")]
    if custom:
        raise DeployError(
            f"stack {artifact.name}: custom resources never end on the laptop: {', '.join(custom)}",
            "use plain resources in stacks/",
        )


def _exists(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        # An answer to HEAD has no body, so its code is the bare status.
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket", "NoSuchKey"):
            return False
        raise
    return True


def _filled(text: str, account: str, region: str) -> str:
    return (
        text.replace("${AWS::AccountId}", account)
        .replace("${AWS::Region}", region)
        .replace("${AWS::Partition}", "aws")
    )
