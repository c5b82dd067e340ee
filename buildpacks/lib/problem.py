class Problem(Exception):
    """Something the owner of the app must fix: a sentence and the next step."""
