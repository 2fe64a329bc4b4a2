"""`./lake console`: what the verbs know and do, as pages of a browser on this machine."""
