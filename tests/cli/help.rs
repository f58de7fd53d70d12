//! What `--help` says, the exit codes among it.

use insta::assert_snapshot;

use crate::world::World;

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

#[test]
fn task() {
    assert_snapshot!(help(&["task"]), @r"
    Work on long tasks that outlive a timeout and a restart

    Usage: comeback task [OPTIONS] <COMMAND>

    Commands:
      start   Begin a task: its goal, its steps, and whether it needs to be woken
      step    Take down that a step is done; again, it changes nothing
      wait    Give the task back and have it woken: when 10 to 20 % of the time are left, or when it must wait
      resume  Take the task up, once: verifies its artifacts and says what is done and what is next
      done    End a task that has reached its goal, and remove its wakes
      fail    Give a task up, and remove its wakes
      list    List the tasks of the workspace, the last changed first
      show    Print a task, or what whoever takes it up is handed
      guard   Say whether a file is as its task recorded it; exit code 8: it is not
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    Example:
      comeback task list
    ");
    assert_snapshot!(help(&["task", "start"]), @r"
    Begin a task: its goal, its steps, and whether it needs to be woken

    Usage: comeback task start [OPTIONS] --goal <TEXT> --step <NAME> --timeout <DURATION> --estimate <DURATION>

    Options:
          --goal <TEXT>          What the task is to reach
          --step <NAME>          A step, in words: a verb and what; may be given several times, in their order
          --timeout <DURATION>   How long one turn of yours may take
          --estimate <DURATION>  How long all of it will take
          --done <TEXT>          What must be true at the end; may be given several times
          --session-key <KEY>    The session that is woken: your own [default: a fresh one]
          --agent <ID>           The agent, where no session is named
          --dry-run              Show what would be done; change nothing
      -h, --help                 Print help

    Example:
      comeback task start --goal 'weekly report' --step 'collect the figures' \
        --step 'write the summary' --timeout 30m --estimate 45m \
        --session-key agent:main:telegram:direct:77 --done 'report.md has 3 sections'
    ");
    assert_snapshot!(help(&["task", "step"]), @r"
    Take down that a step is done; again, it changes nothing

    Usage: comeback task step [OPTIONS] <ID> <NAME>

    Arguments:
      <ID>    The task
      <NAME>  The step that is done

    Options:
          --artifact <PATH>  A file of the workspace that it made; may be given several times
          --progress <N>     How far the task is, 0 to 100 [default: by the steps that are done]
          --next <TEXT>      What is to be done next; may be given several times [default: the steps that are left]
          --dry-run          Show what would be done; change nothing
      -h, --help             Print help

    Example:
      comeback task step ID 'collect the figures' --artifact report/figures.csv
    ");
    assert_snapshot!(help(&["task", "wait"]), @r"
    Give the task back and have it woken: when 10 to 20 % of the time are left, or when it must wait

    Usage: comeback task wait [OPTIONS] --reason <REASON> <ID>

    Arguments:
      <ID>  The task

    Options:
          --reason <REASON>  Why it is woken: `timeout_recovery`, `dependency_ready` or `scheduled_progress`
          --in <DURATION>    How long after now; 2 to 10 minutes are recommended [default: 5m]
          --dry-run          Show what would be done; change nothing
      -h, --help             Print help

    Example:
      comeback task wait ID --reason timeout_recovery --in 5m
    ");
    assert_snapshot!(help(&["task", "resume"]), @r"
    Take the task up, once: verifies its artifacts and says what is done and what is next

    Usage: comeback task resume [OPTIONS] <ID>

    Arguments:
      <ID>  The task

    Options:
          --session-key <KEY>  Your session, where it is another than the task's: that is woken from now on
          --confirmed          The user has said that the blocked task may go on, with its files as they are now
          --dry-run            Show what would be done; change nothing
      -h, --help               Print help

    Example:
      comeback task resume ID
    ");
    assert_snapshot!(help(&["task", "guard"]), @r"
    Say whether a file is as its task recorded it; exit code 8: it is not

    Usage: comeback task guard [OPTIONS] <PATH>

    Arguments:
      <PATH>  The file

    Options:
      -h, --help  Print help

    Example:
      comeback task guard report/figures.csv
    ");
}

#[test]
fn note() {
    assert_snapshot!(help(&["note", "write"]), @r#"
    Leave a note in case you are stopped: every few minutes, what is worth knowing then

    Usage: comeback note write [OPTIONS] [-]

    Arguments:
      [-]  `-` reads the note from stdin, as JSON

    Options:
          --agent <ID>           Whose note it is: yours
          --session-key <KEY>    The session that it is about: yours
          --task <TEXT>          What you are doing
          --progress <TEXT>      How far you are
          --last-action <TEXT>   What you did last
          --note-to-self <TEXT>  What you will want to know
          --ask-first            After a stop, a person must be asked before you go on (`can_resume: false`)
          --dry-run              Print what would be written; write nothing
      -h, --help                 Print help

    Examples:
      comeback note write --agent main --task 'tidy the tables' --progress '15/47 tables' \
        --last-action 'wrote table-15.md' --note-to-self 'keep the short sentences'
      echo '{"agent":"main","task":"tidy the tables","progress":"15/47","can_resume":true}' \
        | comeback note write -
    "#);
}
