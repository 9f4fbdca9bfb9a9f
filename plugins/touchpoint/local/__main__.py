"""`python -m touchpoint.local …`: what `make run`, `stop`, `reset` and `status` call."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from touchpoint.errors import TouchpointError
from touchpoint.local import processes, replay
from touchpoint.local.layout import Layout, load_secrets, load_state, new_secrets
from touchpoint.local.stack import Stack, delete_everything, stop_launcher, stop_processes
from touchpoint.local.table import environment, native

app = typer.Typer(help="Everything on one machine.", no_args_is_help=True, pretty_exceptions_enable=False)
console = Console()
app.command(name="replay")(replay.command)
Var = Annotated[Path | None, typer.Option("--var", help="Folder of the installation; default: var/.")]


@app.command()
def up(
    once: Annotated[bool, typer.Option("--once", help="One cycle, then stop; exit 1 if it failed.")] = False,
    now: Annotated[str | None, typer.Option("--now", help="Business clock of the cycle.")] = None,
    var: Var = None,
) -> None:
    """Start everything, run the daily and the intraday DAG once (the first time the monthly one, too), stay up."""
    from touchpoint.local.up import up as bring_up

    if not bring_up(_layout(var), console, once=once, now=now):
        raise typer.Exit(1)


@app.command()
def down(
    name: Annotated[str | None, typer.Argument(help="One process alone, as `status` names it.")] = None,
    var: Var = None,
) -> None:
    """Stop what was started: by process id and start time, children included."""
    layout = _layout(var)
    if not layout.run.is_dir():
        console.print("Nothing runs.")
        return
    if name:
        spawned = processes.recall(layout, name)
        if spawned is None:
            raise TouchpointError("does not run", place=name, remedy="see make status")
        processes.stop(layout, spawned, grace=10.0)
        return
    stop_launcher(layout)
    stop_processes(layout, console.print)
    console.print("Stopped.")


@app.command()
def start(name: Annotated[str, typer.Argument(help="A process stopped by `down NAME`.")], var: Var = None) -> None:
    """Start one process of a running installation again."""
    layout = _layout(var)
    Stack(layout, load_state(layout), load_secrets(layout), console.print).restart(name)


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, var: Var = None) -> None:
    """Delete both databases, the sandbox's world, logs and passwords: the next start is a first one."""
    layout = _layout(var)
    if not layout.var.is_dir():
        console.print("There is nothing to delete.")
        return
    if not yes and not typer.confirm(f"Delete both databases and {layout.var} with all decisions and messages?"):
        raise typer.Exit(1)
    layout.run.mkdir(exist_ok=True)
    stop_launcher(layout)
    stop_processes(layout, console.print)
    delete_everything(layout)
    console.print("Deleted.")


@app.command()
def status(var: Var = None) -> None:
    """What runs, where it listens and where it writes."""
    layout = _layout(var)
    if not (layout.var / "state.json").is_file():
        console.print("Nothing was started here yet: make run")
        return
    state = load_state(layout)
    table = Table("process", "pid", "state", "log")
    for spawned in processes.recall_all(layout):
        log = processes.log_file(layout, spawned.name)
        alive = "runs" if processes.is_alive(spawned) else "ended"
        table.add_row(spawned.name, str(spawned.pid), alive, str(log) if log.exists() else "")
    table.add_row(
        "postgresql", "", "runs" if state.server.is_running() else "stopped", str(state.server.folder / "log")
    )
    console.print(table)
    if state.ports:
        console.print(
            f"Airflow   http://127.0.0.1:{state.ports['api']} (log-ins: {layout.passwords})\n"
            f"Sandbox   http://127.0.0.1:{state.ports['sandbox']}, SMTP {state.ports['smtp']}\n"
            "All on 127.0.0.1. Airflow's two log servers cannot be bound to it: they are left out.",
            highlight=False,
            soft_wrap=True,
        )


@app.command(name="exec", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def execute(context: typer.Context, var: Var = None) -> None:
    """Run a command in the installation's environment, as in `exec airflow dags list`."""
    layout = _layout(var)
    command = native(context.args) if context.args[0] in ("airflow", "python") else context.args
    os.execvpe(command[0], command, environment(layout, load_state(layout), load_secrets(layout)))  # noqa: S606


@app.command()
def init() -> None:
    """In containers: make and migrate both databases, and Airflow's roles, users and pools. Safe to run again."""
    from touchpoint.local.containers import prepare

    prepare()


@app.command(name="compose-secrets")
def compose_secrets() -> None:
    """Print fresh secrets for docker-compose.yml, to be kept in a file .env of mode 0600."""
    for name, value in new_secrets().items():
        print(f"TOUCHPOINT_{name.upper()}={value}")


def _layout(var: Path | None) -> Layout:
    return Layout(var=var.resolve()) if var else Layout()


def main() -> None:
    """Run, with errors as one clear line."""
    try:
        app()
    except TouchpointError as error:
        Console(stderr=True).print(f"[red]{error.place}[/red]: {error.thing}", highlight=False, soft_wrap=True)
        if error.remedy:
            Console(stderr=True).print(f"→ {error.remedy}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
