"""A race of leaky integrators, as a system of Synaptarium. Imports no torch."""

from corelib.extend import System

SYSTEM = System(
    name="leaky",
    title="Leaky integrators",
    about="one leaky integrator a class; the first to be confident answers",
    config="leaky.config:LeakyConfig",
    training="leaky.config:LeakyTraining",
    model="leaky.network:Leaky",
    learner="corelib.models.bpan.learner:GradientLearner",
    protocol="steps",
)
