//! `comeback drill`

use std::fs;

use insta::assert_snapshot;
use regex::Regex;

use crate::world::World;

/// Plays the drill, and returns the two acts and the table.
fn told() -> (String, String, String) {
    let world = World::new();
    let told = world.run(&["drill"]);
    assert!(world.files().is_empty(), "the folder is removed");
    let (story, table) = told.split_once("\nIN SHORT\n").unwrap();
    let (planned, crash) = story.split_once("\nA CRASH\n").unwrap();
    (planned.to_owned(), crash.to_owned(), table.to_owned())
}

#[test]
fn a_planned_restart_is_told() {
    let (planned, ..) = told();
    assert_snapshot!(without_codes(&planned), @r#"
    exit 0
    --- stdout
    OpenClaw's gateway runs AI agents, and people talk with them in chats. When the
    gateway stops, whatever an agent was doing is cut off. comeback brings the work
    back: each piece once at most, and what could do harm twice only when a person
    says so.

    This is a rehearsal. The gateways are played, and so are the agents and their
    people. What comeback does is real: it reads the gateways' files, speaks with
    them, decides and sends.

    A PLANNED RESTART
    The gateway plays OpenClaw 2026.9.6, which keeps its sessions in a database.

      Ada: "Please use the new model from now on." – for that, her agent has to
        restart the gateway
      Ben: "Write the weekly report." – the figures are collected, the summary is
        still to be written
      Cleo: "I need more disk space." – the next step deletes her old backups
      Dora: "File the contract once it is signed." – nobody has signed yet
      李华: "请运行全部测试" – (run all tests) the command is running at this
        moment

    Ada's agent prepares the restart, and says what it knows of the other chats.
      $ comeback prepare --session-key agent:main:telegram:direct:101 --reason 'a
          new model' --after 'tell Ada that it is in use' -
      - wrote down what 4 chats are about (the checkpoint), and NOW.md for agents to
        read
      - set a job in the gateway that wakes the agent, should the hook fail
        (restart-recovery)
      > Ada hears from comeback: ⚡ Restarting the gateway (`a new model`) — back in
        about a minute.

    The gateway is about to restart. A hook in it runs comeback, which looks at what
    is under way.
      $ comeback checkpoint capture
      - added to the checkpoint what is about to be cut off: 李华

    The gateway stops, and what runs is cut off. It starts again, and the hook runs
    comeback.
      $ comeback recover --trigger startup
      - Ada: sent the agent one message to go on
      - Ben: sent the agent one message to go on
      - Cleo: held [[CODE]]: It may destroy data.
      - Dora: held [[CODE]]: blocked: waiting for the signature
      - 李华: left alone: OpenClaw's own recovery has it go on
      > Ada hears from comeback: ✅ Back online.
        Resumed (1):
        - `Ben`: `weekly report`
        Held (2) — nothing was sent. Reply with the code of what may go on; your
        agent then sends it, once:
        - `[CODE]` · `Dora`: `contract` — `blocked: waiting for the signature`
        - `[CODE]` · `Cleo`: `free disk space` — `It may destroy data.`
      > Ada hears from the agent: The new model is in use.
      > Ben hears from the agent: The summary is written, and the report is done.
      > 李华 hears from OpenClaw: I'm continuing your interrupted request now (the
        gateway has just restarted).
      > 李华 hears from the agent: 测试全部通过。

    Cleo is asked, and she agrees. Ada tells the code to her agent, which runs:
      $ comeback confirm [CODE]
      - Cleo: sent the agent the message that was held, once
      > Cleo hears from the agent: The old backups are deleted.

    Somebody is not sure whether all is well, and runs it once more.
      $ comeback recover
      - nothing is left to do: nothing was sent
    "#);
}

#[test]
fn a_crash_is_told_and_all_is_well_in_the_end() {
    let (_, crash, table) = told();
    assert_snapshot!(without_codes(&crash), @r#"
    The gateway plays OpenClaw 2026.7.1, which keeps its sessions in files.

      Eva: "Which TODOs are left in the code?" – a command that only reads is
        running
      王芳: "请总结昨天的会议" – (sum up yesterday's meeting) the agent has not
        answered yet
      Gita: "Pay invoice 4711." – the payment is on its way, and no answer is
        there yet
      Hugo: "Which tests fail?" – the tests have run, and the agent reads the
        result
      Ivy: "What time is it in Tokyo?" – she has her answer

    The gateway is killed. Nobody has prepared anything: all that is left are its
    files.

    Two minutes later it starts again, and the hook runs comeback.
      $ comeback recover --trigger startup
      - Eva: sent the agent one message to go on
      - 王芳: sent the agent one message to go on
      - Gita: held [[CODE]]: nobody knows whether this has happened: exec curl -X
        POST https://bank.example/payments -d invoice=4711
      - Hugo: left alone: OpenClaw's own recovery has it go on
      > Eva hears from OpenClaw: I was interrupted by a gateway restart and couldn't
        safely resume the previous turn. Please send that last request again and
        I'll pick it up cleanly.
      > Eva hears from the agent: Three TODOs are left.
      > 王芳 hears from OpenClaw: I was interrupted by a gateway restart and
        couldn't safely resume the previous turn. Please send that last request
        again and I'll pick it up cleanly.
      > 王芳 hears from the agent: 昨天的会议决定了三件事。
      > Gita hears from OpenClaw: I was interrupted by a gateway restart and
        couldn't safely resume the previous turn. Please send that last request
        again and I'll pick it up cleanly.
      > Gita hears from comeback: ⏸️ 1 held, and nothing of it was sent:
        - `[CODE]` · `Gita`: `Pay invoice 4711.` — `nobody knows whether this has
        happened: exec curl -X POST https://bank.example/payments -d invoice=4711`
        Reply "confirm all", or the codes of those that may go on. Each is sent
        once.
      > Hugo hears from the agent: Two tests fail.

    Somebody is not sure whether all is well, and runs it once more.
      $ comeback recover
      - nothing is left to do: nothing was sent
    "#);
    let is_narrow = |line: &str| line.chars().count() <= 80;
    assert!(crash.lines().chain(table.lines()).all(is_narrow), "{crash}\n{table}");
    let end = "All as it should be: nothing was lost, and nothing went twice (17 checks).";
    assert!(table.ends_with(end), "{table}");
}

/// The codes of held items are made of random ids.
fn without_codes(text: &str) -> String {
    Regex::new(r"\b[0-9a-f]{6}\b").unwrap().replace_all(text, "[CODE]").into_owned()
}

#[test]
fn as_json_it_says_what_became_of_each_session() {
    let world = World::new();
    let drill = world.json(0, &["drill"]);
    assert_eq!((&drill["schema"], &drill["passed"]), (&"comeback.drill.v1".into(), &true.into()));
    let sessions =
        drill["acts"].as_array().unwrap().iter().flat_map(|act| act["sessions"].as_array().unwrap());
    let fates: Vec<String> = sessions
        .map(|one| {
            format!("{} {} {}", one["name"].as_str().unwrap(), one["fate"].as_str().unwrap(), one["rule"])
        })
        .collect();
    assert_snapshot!(fates.join("\n"), @r#"
    Ada resumed "own-session"
    Ben resumed "ordinary-work"
    Cleo confirmed "deletion"
    Dora held "blocked"
    李华 native null
    Eva resumed "nothing-twice"
    王芳 resumed "nothing-twice"
    Gita held "unknown-outcome"
    Hugo native null
    Ivy untouched null
    "#);
}

/// Variables that lead to the user's own gateway must not lead the drill there.
#[test]
fn the_environment_does_not_lead_it_to_a_real_gateway() {
    let world = World::new();
    let mut command = world.command(&["drill", "--json"]);
    command.envs([
        ("OPENCLAW_CONFIG_PATH", "/nowhere/openclaw.json"),
        ("OPENCLAW_GATEWAY_TOKEN", "another"),
        ("OPENCLAW_GATEWAY_PORT", "1"),
        ("OPENCLAW_WORKSPACE_DIR", "/nowhere"),
    ]);
    command.assert().success();
    assert!(world.files().is_empty());
}

#[test]
fn what_is_kept_can_be_looked_at_and_what_stands_there_is_left_alone() {
    let world = World::new();
    let folder = world.home().join("played");
    let (place, state) = (folder.to_str().unwrap(), folder.join("crash"));
    let drill = world.json(0, &["drill", "--keep", place]);
    assert_eq!(drill["acts"][1]["stateDir"], state.canonicalize().unwrap().to_str().unwrap());
    let report = world.json(0, &["report", "--state-dir", state.to_str().unwrap()]);
    let mut fates: Vec<String> = report["stops"][0]["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["about"].as_str().unwrap(), one["fate"].as_str().unwrap()))
        .collect();
    // What is settled first goes out first.
    fates.sort();
    assert_snapshot!(fates.join("\n"), @r"
    Pay invoice 4711. held
    Which TODOs are left in the code? answered
    Which tests fail? native
    请总结昨天的会议 answered
    ");

    fs::write(folder.join("mine"), "").unwrap();
    assert_snapshot!(world.run(&["drill", "--keep", place]), @r"
    exit 1
    --- stderr
    error: the drill needs an empty folder, and [HOME]/played is not
    hint: name one that does not exist yet
    ");
}
