"""What a run says, as plain data: every word and number is made here, once.

RunDetails, its HTML and text form, the terminal and, later, the server only draw what a `RunView`
holds. `RunReader` makes one from the record; `Follower` makes a new one whenever the run changes.
"""
