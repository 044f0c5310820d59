"""Commands are handed what is made of the options that several of them share."""

from inspect import signature

from scuderia.loop.commands.command_actor import handed


def area(width: int = 1, height: int = 2) -> int:
    return width * height


def test_the_shared_options_stand_where_the_keyword_stood_and_make_its_value():
    told = []

    def command(name: str, *, area: int, loud: bool = False) -> None:
        told.append((name, area, loud))

    run = handed("area", area)(command)
    asked = signature(run).parameters
    assert list(asked) == ["name", "width", "height", "loud"]
    assert [asked[name].default for name in ("width", "height", "loud")] == [1, 2, False]
    run(name="rack", width=3, height=4, loud=True)
    assert told == [("rack", 12, True)]


def test_a_command_is_handed_more_than_one_thing():
    told = []

    def command(*, area: int, depth: int) -> None:
        told.append((area, depth))

    def depth(layers: int = 1) -> int:
        return 10 * layers

    run = handed("depth", depth)(handed("area", area)(command))
    assert list(signature(run).parameters) == ["width", "height", "layers"]
    run(width=2, height=2, layers=3)
    assert told == [(4, 30)]
