"""What dry runs take for the results of capabilities."""

from app.operations.capabilities import declarations, simulated


def test_every_capability_gives_what_it_declares_before_anything_is_known() -> None:
    given = {name: values.keys() for name, values in simulated().items()}
    assert given == {name: declared.outputs.keys() for name, declared in declarations().items()}
