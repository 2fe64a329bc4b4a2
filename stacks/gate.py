"""The security rules that a deployment must pass: AWS Solutions and Serverless everywhere, NIST 800-53 Rev. 5 for production."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk


def add_gate(app: cdk.App, envs: Sequence[str]) -> None:
    """Synthesis fails with a report when a rule finds anything that is not accepted on its resource (stacks/accepted.py).

    Rules apply to a whole app, so production's own are used when the app holds nothing else.
    """
    import cdk_nag  # only who deploys has it (requirements-deploy.txt)

    packs = [cdk_nag.AwsSolutionsChecks(app), cdk_nag.ServerlessChecks(app)]
    if list(envs) == ["prod"]:
        packs.append(cdk_nag.NIST80053R5Checks(app))
    cdk.Validations.of(app).add_plugins(*packs)
