"""One module a dialog, one function a named step."""
