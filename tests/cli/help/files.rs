//! The help of what reads and writes files.

use insta::assert_snapshot;

use super::help;

#[test]
fn checkpoint() {
    assert_snapshot!(help(&["checkpoint"]), @r"
    Write and read restart checkpoints

    Usage: comeback checkpoint [OPTIONS] <COMMAND>

    Commands:
      build    Write a checkpoint from the sessions on stdin, as JSON or YAML
      capture  Write down what is under way in each session, from the sessions' own files
      show     Print what a checkpoint says
      list     List the workspace's checkpoints, newest first
      prune    Remove old checkpoints that are used up; the newest one stays
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    Example:
      comeback checkpoint show
    ");
    assert_snapshot!(help(&["checkpoint", "build"]), @r#"
    Write a checkpoint from the sessions on stdin, as JSON or YAML

    Usage: comeback checkpoint build [OPTIONS] [OUT.md]

    Arguments:
      [OUT.md]  The file to write [default: a new one in the workspace]

    Options:
          --dry-run  Print the text; write nothing
      -h, --help     Print help

    Example:
      echo '{"sessions":[{"sessionKey":"agent:engineer:main","agentId":"engineer",
        "goal":"regression run","lastDone":"401 cases pass","nextStep":"publish the summary",
        "blockers":"none"}]}' | comeback checkpoint build
    "#);
    assert_snapshot!(help(&["checkpoint", "capture"]), @r"
    Write down what is under way in each session, from the sessions' own files

    Usage: comeback checkpoint capture [OPTIONS]

    Options:
          --dry-run  Print the text; write nothing
      -h, --help     Print help

    Example:
      comeback checkpoint capture --dry-run
    ");
    assert_snapshot!(help(&["checkpoint", "show"]), @r"
    Print what a checkpoint says

    Usage: comeback checkpoint show [OPTIONS] [CHECKPOINT.md]

    Arguments:
      [CHECKPOINT.md]  The file [default: the newest of the workspace]

    Options:
      -h, --help  Print help

    Example:
      comeback checkpoint show --json
    ");
    assert_snapshot!(help(&["checkpoint", "list"]), @r"
    List the workspace's checkpoints, newest first

    Usage: comeback checkpoint list [OPTIONS]

    Options:
      -h, --help  Print help

    Example:
      comeback checkpoint list
    ");
    assert_snapshot!(help(&["checkpoint", "prune"]), @r"
    Remove old checkpoints that are used up; the newest one stays

    Usage: comeback checkpoint prune [OPTIONS]

    Options:
          --keep <N>  So many stay, the newest [default: 50]
          --days <N>  Older ones go, however few there are [default: 30]
          --dry-run   Show what would go; remove nothing
      -h, --help      Print help

    Example:
      comeback checkpoint prune --keep 20 --days 14
    ");
}

#[test]
fn now() {
    assert_snapshot!(help(&["now"]), @r"
    Show and change the workspace's NOW.md

    Usage: comeback now [OPTIONS] <COMMAND>

    Commands:
      show   Print NOW.md
      set    Change sections of NOW.md; other text stays as it is
      clear  Set Post-Restart Action to none
      help   Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    Example:
      comeback now show
    ");
    assert_snapshot!(help(&["now", "show"]), @r"
    Print NOW.md

    Usage: comeback now show [OPTIONS]

    Options:
      -h, --help  Print help

    Example:
      comeback now show --json
    ");
    assert_snapshot!(help(&["now", "set"]), @r"
    Change sections of NOW.md; other text stays as it is

    Usage: comeback now set [OPTIONS] <--session-key <KEY>|--status <TEXT>|--task <TEXT>|--context <TEXT>|--after <TEXT>>

    Options:
          --session-key <KEY>  The session that the user is in
          --status <TEXT>      What is happening
          --task <TEXT>        An active task; replaces the list
          --context <TEXT>     A key point; replaces the list
          --after <TEXT>       What to do after a restart; replaces the list
          --dry-run            Print the new text; change nothing
      -h, --help               Print help

    Example:
      comeback now set --status 'Migrating the database' --task 'copy table users'
    ");
    assert_snapshot!(help(&["now", "clear"]), @r"
    Set Post-Restart Action to none

    Usage: comeback now clear [OPTIONS]

    Options:
          --dry-run  Print the new text; change nothing
      -h, --help     Print help

    Example:
      comeback now clear
    ");
}

#[test]
fn render() {
    assert_snapshot!(help(&["render"]), @r#"
    Show a message to people or agents, in a language and for a channel

    Usage: comeback render [OPTIONS] [NAME] [VALUES.json]

    Arguments:
      [NAME]         The template [default: list them]
      [VALUES.json]  The values as JSON, `-` for stdin [default: the template's sample values]

    Options:
          --lang <LANG>     The language, en or zh [default: en]
          --channel <NAME>  The channel of a message to a person; one that is not known is plain [default: plain]
          --list            List the templates
      -h, --help            Print help

    Examples:
      comeback render                                     list the templates
      comeback render summary --lang zh --channel feishu  one of them, with its sample values
      echo '{"reason":"new model"}' | comeback render before -

    A template of your own stands in <workspace>/comeback/templates/<LANG>/<NAME>.hbs.
    "#);
}

#[test]
fn setup() {
    assert_snapshot!(help(&["setup"]), @r"
    Install, remove and show what brings agents back by itself

    Usage: comeback setup [OPTIONS] <COMMAND>

    Commands:
      install    Install what brings agents back by itself
      remove     Remove what was installed, and nothing else
      show       Show what is installed
      import     Take over what boot-resume, restart-task-recovery, seamless-restart and smart-wake left
      agents-md  Put the rule about restarts into the workspace's AGENTS.md, between two marks
      help       Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    Example:
      comeback setup show
    ");
    assert_snapshot!(help(&["setup", "install"]), @r"
    Install what brings agents back by itself

    Usage: comeback setup install [OPTIONS]

    Options:
          --hook         The startup hook: the gateway runs `comeback recover` when it has started
          --systemd      Units of systemd: a drop-in for the gateway's unit, and one for the wakes of the machine
          --launchd      Agents of launchd (macOS): one for the gateway's starts, one for the wakes of the machine
          --boot-resume  The skill behind the slash command /boot-resume
          --unit <NAME>  The gateway's unit or label, where it has another name than the usual one
          --dry-run      Show what would be done; change nothing
      -h, --help         Print help

    Without a flag it installs what this machine has a use for: the hook, /boot-resume, and the units or agents of the
    manager that starts this gateway. Several may fire for one start; one recovers, the others find nothing to do.

    Examples:
      comeback setup install
      comeback setup install --systemd --unit my-gateway.service
    ");
    assert_snapshot!(help(&["setup", "remove"]), @r"
    Remove what was installed, and nothing else

    Usage: comeback setup remove [OPTIONS]

    Options:
          --purge    Remove comeback's own records too: ledger, device key, lock; not where something is held
          --dry-run  Show what would be done; change nothing
      -h, --help     Print help

    Example:
      comeback setup remove --dry-run
    ");
    assert_snapshot!(help(&["setup", "show"]), @r"
    Show what is installed

    Usage: comeback setup show [OPTIONS]

    Options:
      -h, --help  Print help

    Example:
      comeback setup show --json
    ");
}

#[test]
fn compatibility() {
    assert_snapshot!(help(&["plan"]), @r"
    Show what a checkpoint asks for

    Usage: comeback plan [OPTIONS] <CHECKPOINT> [OUT.json]

    Arguments:
      <CHECKPOINT>  The checkpoint; `-` is stdin
      [OUT.json]    A file to write the JSON into, beside stdout

    Options:
      -h, --help  Print help

    Example:
      comeback plan memory/restart-checkpoints/2026-03-09/162200.md plan.json
    ");
    assert_snapshot!(help(&["actions"]), @r"
    List the messages that resume a checkpoint's sessions

    Usage: comeback actions [OPTIONS] [CHECKPOINT]

    Arguments:
      [CHECKPOINT]  The checkpoint, `-` is stdin [default: the newest of the workspace, if it is not used up]

    Options:
      -h, --help  Print help

    Example:
      comeback actions > actions.json
    ");
    assert_snapshot!(help(&["verify"]), @r"
    Judge which of those messages may go out without a person

    Usage: comeback verify [OPTIONS] <ACTIONS.json> [OUT.json]

    Arguments:
      <ACTIONS.json>  What `comeback actions` printed; `-` is stdin
      [OUT.json]      A file to write the JSON into, beside stdout

    Options:
      -h, --help  Print help

    Example:
      comeback actions | comeback verify - verified.json
    ");
    assert_snapshot!(help(&["execute"]), @r"
    List what is to be sent and what is held, or send it

    Usage: comeback execute [OPTIONS] <VERIFIED.json>

    Arguments:
      <VERIFIED.json>  What `comeback verify` printed; `-` is stdin

    Options:
          --send  Send what passes the gate, once, in place of listing it
      -h, --help  Print help

    Examples:
      comeback execute verified.json             what to send, and what a person must confirm
      comeback execute verified.json --send      send it, each once; the rest is held
    ");
}
