"""The security rules that a deployment must pass: AWS Solutions and Serverless everywhere; where it is
protected also those of regulated workloads: NIST 800-53 Rev. 5, HIPAA and PCI DSS 3.2.1.
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
        packs += [
            cdk_nag.NIST80053R5Checks(app),
            cdk_nag.HIPAASecurityChecks(app),
            cdk_nag.PCIDSS321Checks(app),
        ]
    cdk.Validations.of(app).add_plugins(*packs)
