"""The page: a static site out of boards, records and claims, which opens from disk."""
