"""The same parts give the same identity, and others another one."""

from scuderia.intake.identities import identity_of


def test_parts_of_an_identity_do_not_run_into_each_other():
    assert identity_of("a", "b", "c") == identity_of("a", "b", "c")
    assert len({identity_of("ab", "c"), identity_of("a", "bc"), identity_of("a", "b", "c")}) == 3
    assert len(identity_of("x" * 10_000)) == 40
