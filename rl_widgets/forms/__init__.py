"""Forms without widgets: what a person fills in becomes a submission, and back.

`check` says what is wrong field by field, does the arithmetic, gives the code and the picture;
`submit` starts the runs. Notebook, panel, REST, YAML and terminal all use these.
"""
