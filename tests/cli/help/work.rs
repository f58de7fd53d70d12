//! The help of long tasks and last words.

use insta::assert_snapshot;

use super::help;

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
