"""What every part of the lakehouse agrees on. Needs the standard library only at run time."""
