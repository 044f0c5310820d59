"""What a failed command shows and which exit code it ends with."""

import json
import sys
import traceback
from contextlib import suppress
from enum import IntEnum

from typer.exceptions import TyperException

from scuderia.basics.errors import BadInput, Refused, Unable
from scuderia.config.home import current_home
from scuderia.config.processes.rotating_log import RotatingLog


class ExitCode(IntEnum):
    """Documented in docs/cli.md; scripts may rely on them."""

    DONE = 0
    BUG = 1
    BAD_INPUT = 2
    REFUSED = 3
    UNABLE = 4


def told_apart(error: Exception) -> Exception:
    """Return what the machine did to us in place of an error that nobody expected."""
    if _speaks(error) or isinstance(error, TyperException):
        return error
    from scuderia.config.world_errors import world_error

    return world_error(error) or error


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code of a failure; what nobody expected is a bug."""
    match error:
        case BadInput() | TyperException():
            return ExitCode.BAD_INPUT
        case Unable():
            return ExitCode.UNABLE
        case Refused():
            return ExitCode.REFUSED
    return ExitCode.BAD_INPUT if _speaks(error) else ExitCode.BUG


def show_failure(error: BaseException, *, as_json: bool) -> None:
    """Write what happened and what to do next to standard error."""
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help itself
        sys.stderr.write(f"{error}\n")
        return
    shown = _as_object(error)
    if as_json:
        sys.stderr.write(json.dumps({"error": shown}) + "\n")
        return
    sys.stderr.write(f"{shown['code']} {shown['message']}\n")
    if shown["remedy"]:
        sys.stderr.write(f"  {shown['remedy']}\n")


def _as_object(error: BaseException) -> dict[str, object]:
    if isinstance(error, TyperException):
        return {"code": "CLI-001", "message": error.format_message(), "remedy": _usage(error)}
    if _speaks(error):
        message = str(getattr(error, "message", "") or error)
        facts = {name: str(value) for name, value in getattr(error, "facts", {}).items()}
        return {
            "code": getattr(error, "code", ""),
            "message": message,
            "remedy": getattr(error, "remedy", ""),
            "facts": facts,
        }
    return {
        "code": "BUG",
        "message": f"{type(error).__name__}: {error}",
        "remedy": f"This is a fault of Scuderia's own. What happened stands in {_log(error)}.",
    }


def _speaks(error: BaseException) -> bool:
    """Say whether an error brings its own code and remedy, whatever family it is of."""
    return bool(getattr(error, "code", "")) and hasattr(error, "remedy")


def _usage(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"See `{context.command_path} --help`." if context else ""


def _log(error: BaseException) -> str:
    folder = current_home().logs
    lines = "".join(traceback.format_exception(error))
    if folder.parent.is_dir():  # a home that is not there is not made by a failure
        with suppress(OSError):
            folder.mkdir(exist_ok=True, mode=0o700)
    if RotatingLog(folder / "cli.log").write(lines.encode()):
        return str(folder / "cli.log")
    sys.stderr.write(lines)
    return "the lines above"
