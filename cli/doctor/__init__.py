"""What can be asked of an account in calls that change nothing: `./lake doctor`."""
