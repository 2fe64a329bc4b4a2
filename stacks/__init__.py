"""The CDK stacks of one environment. Synthesis needs no credentials, network, git or Docker."""
