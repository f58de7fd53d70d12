//! What `--help` says, the exit codes among it.

use insta::assert_snapshot;

use crate::world::World;

mod files;
mod work;

/// A command's help without the global options, which are the same everywhere.
fn help(command: &[&str]) -> String {
    let output = World::new().command(&[command, &["--help"]].concat()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (above, below) = text.split_once("Global options:\n").unwrap();
    for flag in ["--state-dir", "--workspace", "--json", "--now", "--offline", "--verbose"] {
        assert!(below.contains(flag), "{flag}: {below}");
    }
    let rest = below.lines().skip_while(|line| line.is_empty() || line.starts_with(' '));
    format!("{above}{}", rest.collect::<Vec<_>>().join("\n"))
}

/// The commands that a help names under headings: two spaces, a name, what it does.
fn commands(help: &str, headings: [&str; 2]) -> Vec<String> {
    let below = |heading: &str| {
        let text = help.split_once(heading).map_or("", |(_, below)| below);
        let lines = text.lines().skip(1).take_while(|line| line.starts_with("  "));
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect::<Vec<_>>()
    };
    headings.into_iter().flat_map(below).filter(|name| name != "help").collect()
}

#[test]
fn every_command_has_an_example_of_itself() {
    let mut left: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = left.pop() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let text = help(&words);
        let name = ["comeback"].iter().chain(&words).copied().collect::<Vec<_>>().join(" ");
        let (_, example) = text
            .split_once("\nExample:\n")
            .or_else(|| text.split_once("\nExamples:\n"))
            .unwrap_or_else(|| panic!("`{name} --help` has an example: {text}"));
        assert!(example.lines().next().is_some_and(|line| line.starts_with("  ")), "{name}: {example}");
        assert!(example.contains(&name), "the example is one of `{name}`: {example}");
        let below = commands(&text, ["Commands:", "Compatibility, "]);
        left.extend(below.into_iter().map(|one| [command.clone(), vec![one]].concat()));
        seen += 1;
    }
    assert!(seen > 35, "{seen} commands");
}

#[test]
fn the_program_lists_its_commands_and_exit_codes() {
    assert_snapshot!(help(&[]), @r"
    Carries an OpenClaw agent's work across gateway restarts

    Usage: comeback [OPTIONS] <COMMAND>

    Commands:
      prepare     Save, notify and schedule before a planned restart; then name the restart call
      recover     Come back after a restart: resume, hold and report, each once
      scan        Show what the last stop of the gateway cut off; read-only
      confirm     Send what is held, or drop it, when a person says so
      status      Show what is pending
      report      Show what became of the work that the last stop of the gateway cut off, or every stop
      drill       Rehearse a restart and a crash, told step by step, on gateways that are simulated
      doctor      Show what is wrong with the installation, and the command that mends it
      checkpoint  Write and read restart checkpoints
      now         Show and change the workspace's NOW.md
      task        Work on long tasks that outlive a timeout and a restart
      note        Leave and read agents' last words
      render      Show a message to people or agents, in a language and for a channel
      setup       Install, remove and show what brings agents back by itself
      help        Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Compatibility, the steps of restart-task-recovery in its own JSON:
      plan        Show what a checkpoint asks for
      actions     List the messages that resume a checkpoint's sessions
      verify      Judge which of those messages may go out without a person
      execute     List what is to be sent and what is held, or send it

    Examples:
      comeback drill                      a restart and a crash, told step by step; needs no OpenClaw
      comeback doctor                     what is wrong with the installation here
      comeback scan                       what the last stop of the gateway cut off

    Exit codes:
      0   done, also when there was nothing to do or something is held
      1   user or environment error; doctor has found something wrong
      2   usage error
      4   another run holds the lock (the triggers startup and job turn it into 0)
      5   a file was written by a newer version
      6   something failed; the report says what
      7   the gateway cannot be reached, or refuses us
      8   refused for safety
      70  a bug in comeback
    ");
}

#[test]
fn prepare() {
    assert_snapshot!(help(&["prepare"]), @r#"
    Save, notify and schedule before a planned restart; then name the restart call

    Usage: comeback prepare [OPTIONS] --session-key <KEY> --reason <TEXT> [-]

    Arguments:
      [-]  `-` reads other sessions from stdin

    Options:
          --session-key <KEY>  Your own session's key (the tool `session_status` names it)
          --reason <TEXT>      Why the gateway restarts, in words for the user
          --delay <DURATION>   How long after now the recovery job is due [default: 60s]
          --status <TEXT>      What is happening at the moment
          --task <TEXT>        A task in progress; may be given several times
          --context <TEXT>     What you must still know after the restart; may be given several times
          --after <TEXT>       What to do after the restart; may be given several times
          --restart            Ask the gateway for the restart, where policy and configuration allow it
          --tool-calls         Write the files only, and print the tool calls for you to make
          --dry-run            Show what would be done; change nothing
      -h, --help               Print help

    Example:
      comeback prepare --session-key agent:main:telegram:direct:77 \
        --reason 'apply the new model settings' --after 'tell the user that the settings are active'

    Other sessions are described on stdin, as JSON or YAML, with - as the last argument:
      {"sessions":[{"sessionKey":"agent:main:telegram:direct:78","goal":"weekly report",
                    "lastDone":"figures collected","nextStep":"write the summary","blockers":"none"}]}
    "#);
}

#[test]
fn recover() {
    assert_snapshot!(help(&["recover"]), @r"
    Come back after a restart: resume, hold and report, each once

    Usage: comeback recover [OPTIONS]

    Options:
          --trigger <TRIGGER>
              Who calls

              Possible values:
              - startup: The gateway's startup hook
              - wake:    A wake of the machine
              - job:     The recovery job
              - manual:  A person, or an agent that was asked to
              
              [default: manual]

          --wait-gateway
              Wait for a gateway that is still starting

          --wait
              Follow the resumed runs to their end

          --dry-run
              Show what would be done; change and send nothing

      -h, --help
              Print help (see a summary with '-h')

    Examples:
      comeback recover --trigger job             what the recovery job tells the agent to run
      comeback recover --dry-run                 what would be resumed and held, and why
    ");
}

#[test]
fn status() {
    assert_snapshot!(help(&["status"]), @r"
    Show what is pending

    Usage: comeback status [OPTIONS]

    Options:
      -h, --help  Print help

    Example:
      comeback status --json
    ");
}

#[test]
fn report() {
    assert_snapshot!(help(&["report"]), @r"
    Show what became of the work that the last stop of the gateway cut off, or every stop

    Usage: comeback report [OPTIONS]

    Options:
          --all           Show all that the ledger still knows, 30 days or more
          --since <WHEN>  Show what came since then: 90m, 24h, 7d, a date, or a time as RFC 3339
          --html <FILE>   Write one page for a browser into this file, in place of the text
      -h, --help          Print help

    Examples:
      comeback report                     the last stop of the gateway, and what became of the work
      comeback report --since 7d          every one of the last week; also --since 2026-11-20
      comeback report --html report.html  the same for a browser, with a timeline for each session
    ");
}

#[test]
fn drill() {
    assert_snapshot!(help(&["drill"]), @r"
    Rehearse a restart and a crash, told step by step, on gateways that are simulated

    Usage: comeback drill [OPTIONS]

    Options:
          --keep <DIR>  Play in this new or empty folder, and leave it there [default: a temporary one, removed afterwards]
      -h, --help        Print help

    Examples:
      comeback drill                      the whole story, in a few seconds
      comeback drill --keep /tmp/drill    the same, and leaves its files to look at

    It needs no OpenClaw, touches none, and uses no network but this machine's own. Exit code 6 means that
    something did not come back as it should have.
    ");
}

#[test]
fn confirm() {
    assert_snapshot!(help(&["confirm"]), @r"
    Send what is held, or drop it, when a person says so

    Usage: comeback confirm [OPTIONS] [CODE]...

    Arguments:
      [CODE]...  The codes that the user or `comeback status` named [default: show what is held]

    Options:
          --reject             Drop the items in place of sending them
          --all                All that is held; only on a terminal
          --session-key <KEY>  Your own session, where its user has decided
          --dry-run            Show the messages; change and send nothing
      -h, --help               Print help

    Examples:
      comeback confirm                           what is held, with the exact messages
      comeback confirm a1b2c3                    send the item of that code, once
      comeback confirm a1b2c3 --reject           drop it

    A hold that is older than seven days can only be rejected.
    ");
}
