"""Faults put into the code on purpose, one at a time, and whether the tests catch them.

``make mutants`` takes a seeded sample of small faults from each area, as a plausible slip would
make them: a number one off, a comparison turned round, an operator for another, a condition
negated, a loop that never runs. cosmic-ray makes them. For each the tests run that execute the line
it is on, the quickest first, until one fails; what none catches is printed, to be judged.
"""
