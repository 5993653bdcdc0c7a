def findings(rows):
    return ()
