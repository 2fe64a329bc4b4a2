"""The security rules that a deployment must pass: AWS Solutions and Serverless everywhere, NIST 800-53 Rev. 5
where it is protected.
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk

from stacks.config import Settings


def add_gate(app: cdk.App, environments: Sequence[Settings]) -> None:
    """Synthesis fails with a report when a rule finds anything that is not accepted on its resource
    (stacks/accepted.py).

    Rules apply to a whole app, so those of protected environments are used when the app holds nothing else.
    """
    import cdk_nag  # only who deploys has it (requirements-deploy.txt)

    packs = [cdk_nag.AwsSolutionsChecks(app), cdk_nag.ServerlessChecks(app)]
    if all(settings.protected for settings in environments):
        packs.append(cdk_nag.NIST80053R5Checks(app))
    cdk.Validations.of(app).add_plugins(*packs)
