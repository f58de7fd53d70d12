//! `comeback report`

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::{CALLER, World, put};

const BEN: &str = "agent:main:telegram:direct:78";
const CLEO: &str = "agent:main:telegram:direct:79";

/// A ledger's line.
fn line(at: &str, event: &Value) -> String {
    format!("{}\n", json!({"v": 1, "at": format!("2026-11-{at}Z"), "event": event}))
}

fn boot(at: &str, last: Option<&str>) -> Value {
    let last = last.map(|last| format!("2026-11-{last}Z"));
    json!({"kind": "boot", "boot": life(at), "lastSignOfLife": last})
}

fn life(at: &str) -> Value {
    json!({"startedAt": format!("2026-11-{at}Z"), "bootId": null})
}

fn key(digit: char) -> String {
    format!("comeback-{}", digit.to_string().repeat(32))
}

fn intent(digit: char, effect: &str, session: &str, started: &str) -> Value {
    json!({"kind": "intent", "key": key(digit), "effect": effect, "sessionKey": session, "boot": life(started),
        "message": "Go on."})
}

fn outcome(digit: char, outcome: &str, detail: Option<&str>, run: Option<&str>) -> Value {
    json!({"kind": "outcome", "key": key(digit), "outcome": outcome, "detail": detail, "runId": run})
}

fn held(digit: char, session: &str) -> Value {
    json!({"kind": "held", "key": key(digit), "sessionKey": session, "checkpoint": "c1", "rule": "payment",
        "reason": "It may move money a second time.", "message": "Pay."})
}

fn item(digit: char, session: &str, about: &str, state: &str, [decision, rule, reason]: [&str; 3]) -> Value {
    json!({"key": key(digit), "sessionKey": session, "about": about, "verdict": "interrupted", "decision": decision,
        "rule": rule, "reason": reason, "state": state, "detail": null})
}

fn recovery(trigger: &str, outcome: &str, started: &str, items: &[Value]) -> Value {
    json!({"kind": "recovery", "checkpoint": null, "boot": life(started), "trigger": trigger, "outcome": outcome,
        "items": items})
}

/// A crash in the night, and a planned restart at noon.
fn two_stops() -> String {
    let (night, noon) = ("18T03:00:00", "20T11:00:30");
    let safe = ["send", "nothing-twice", "its turn was cut off"];
    let ordinary = ["send", "ordinary-work", "It is ordinary work that harms nothing twice."];
    [
        line("18T03:00:05", &boot(night, Some("18T02:50:00"))),
        line("18T03:00:06", &intent('1', "resume", BEN, night)),
        line("18T03:00:07", &outcome('1', "accepted", None, Some("r1"))),
        line(
            "18T03:00:08",
            &recovery("startup", "recovered", night, &[item('1', BEN, "周报", "resumed", safe)]),
        ),
        line(
            "20T11:00:00",
            &json!({"kind": "prepared", "checkpoint": "c1", "sessionKey": CALLER, "route": null,
            "boot": life(night)}),
        ),
        line("20T11:00:01", &intent('2', "notice", CALLER, night)),
        line("20T11:00:01", &outcome('2', "accepted", None, None)),
        line("20T11:00:31", &boot(noon, Some("20T11:00:10"))),
        line("20T11:00:32", &intent('3', "resume", BEN, noon)),
        line("20T11:00:33", &outcome('3', "accepted", None, Some("r3"))),
        line("20T11:00:33", &held('4', CLEO)),
        line("20T11:00:34", &intent('5', "notice", CALLER, noon)),
        line("20T11:00:34", &outcome('5', "accepted", None, None)),
        line("20T11:00:35", &intent('6', "resume", CALLER, noon)),
        line("20T11:00:35", &outcome('6', "accepted", Some("its user has written since the restart"), None)),
        line(
            "20T11:00:36",
            &recovery(
                "startup",
                "recovered",
                noon,
                &[
                    item('3', BEN, "weekly report", "resumed", ordinary),
                    item(
                        '4',
                        CLEO,
                        "invoice 4711",
                        "held",
                        ["hold", "payment", "It may move money a second time."],
                    ),
                ],
            ),
        ),
        line("20T11:01:30", &outcome('3', "done", None, Some("r3"))),
    ]
    .concat()
}

fn world() -> World {
    let world = World::new();
    put(&world.state("comeback/ledger.jsonl"), &two_stops());
    world
}

#[test]
fn nothing_has_happened() {
    let world = World::new();
    assert_snapshot!(world.run(&["report"]), @r"
    exit 0
    --- stdout
    Nothing has been recovered.
    ");
    assert_snapshot!(world.run(&["report", "--since", "7d"]), @r"
    exit 0
    --- stdout
    Nothing has been recovered since then.
    ");
    assert!(world.files().is_empty(), "it changes nothing");
}

#[test]
fn the_last_stop_is_told() {
    assert_snapshot!(world().run(&["report"]), @r"
    exit 0
    --- stdout
    Planned restart, back on 2026-11-20 at 11:00, 59 min ago
      last at work at 11:00:10, back at 11:00:30 (20 s)
      prepared by agent:main:telegram:direct:77
      recovered by the startup hook at 11:00:36: all was done

    SESSION                        WHAT BECAME OF IT         WHY
    agent:main:telegram:direct:79  held for a person         It may move money a
    invoice 4711                   [444444]                  second time. (payment)
                                   after 3.0 s
    agent:main:telegram:direct:78  resumed, answered         It is ordinary work
    weekly report                  after 60 s                that harms nothing
                                                             twice. (ordinary-work)
    agent:main:telegram:direct:77  went on without comeback  its user has written
                                   after 5.0 s               since the restart

    1 session held: `comeback confirm` shows the messages, and `comeback confirm
    444444` sends that one.
    ");
}

#[test]
fn all_of_them_are_told_or_those_since_a_time() {
    let world = world();
    let (all, last) = (world.run(&["report", "--all"]), world.run(&["report"]));
    assert_snapshot!(all.strip_prefix(&last).unwrap(), @r"

    Unplanned stop, back on 2026-11-18 at 03:00, 2 days ago
      last at work at 02:50:00, back at 03:00:00 (10 min)
      recovered by the startup hook at 03:00:08: all was done

    SESSION                        WHAT BECAME OF IT  WHY
    agent:main:telegram:direct:78  resumed            its turn was cut off
    周报                           after 7.0 s        (nothing-twice)
    ");
    let stops = |since| world.json(0, &["report", "--since", since])["stops"].as_array().unwrap().len();
    assert_eq!(["30m", "24h", "3d", "2026-11-18", "2026-11-19T00:00:00Z"].map(stops), [0, 1, 2, 2, 1]);
    assert_snapshot!(world.run(&["report", "--since", "yesterday"]), @r#"
    exit 2
    --- stderr
    error: invalid value 'yesterday' for '--since <WHEN>': "yesterday" is no time: expected 90m, 24h or 7d, a date such as 2026-11-20, or RFC 3339

    For more information, try '--help'.
    "#);
}

#[test]
fn as_json_each_session_has_its_grounds_and_its_moments() {
    let report = world().json(0, &["report"]);
    let stop = &report["stops"][0];
    assert_eq!(report["schema"], "comeback.report.v1");
    assert_eq!(stop["prepared"]["sessionKey"], CALLER);
    let shown: Vec<String> = stop["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let moments = one["moments"].as_array().unwrap().iter();
            let moments: Vec<&str> = moments.map(|moment| moment["what"].as_str().unwrap()).collect();
            format!("{} {} {} {} {moments:?}", one["sessionKey"], one["fate"], one["rule"], one["code"])
        })
        .collect();
    assert_snapshot!(shown.join("\n"), @r#"
    "agent:main:telegram:direct:79" "held" "payment" "444444" ["held"]
    "agent:main:telegram:direct:78" "answered" "ordinary-work" null ["resumed", "answered"]
    "agent:main:telegram:direct:77" "went-on" null null ["told", "went-on"]
    "#);
}

#[test]
fn a_person_who_decides_later_is_told_of() {
    let world = World::new();
    let decided = json!({"kind": "decided", "key": key('4'), "confirmed": false, "by": "unnamed"});
    put(
        &world.state("comeback/ledger.jsonl"),
        &(two_stops() + &line("20T11:30:00", &decided) + "{\"v\":1,\"at\":\"20"),
    );
    assert_snapshot!(world.run(&["report"]), @r"
    exit 0
    --- stdout
    Planned restart, back on 2026-11-20 at 11:00, 59 min ago
      last at work at 11:00:10, back at 11:00:30 (20 s)
      prepared by agent:main:telegram:direct:77
      recovered by the startup hook at 11:00:36: all was done

    SESSION                        WHAT BECAME OF IT         WHY
    agent:main:telegram:direct:78  resumed, answered         It is ordinary work
    weekly report                  after 60 s                that harms nothing
                                                             twice. (ordinary-work)
    agent:main:telegram:direct:77  went on without comeback  its user has written
                                   after 5.0 s               since the restart
    agent:main:telegram:direct:79  dropped by a person       It may move money a
    invoice 4711                   after 29 min              second time. (payment)
    --- stderr
    warning: one line of [HOME]/.openclaw/comeback/ledger.jsonl cannot be read
    ");
}

#[test]
fn what_a_person_confirmed_says_so_beside_the_reason_why_it_was_held() {
    let world = World::new();
    let decided = json!({"kind": "decided", "key": key('4'), "confirmed": true, "by": "unnamed"});
    let sent = [
        line("20T11:30:00", &decided),
        line("20T11:30:01", &intent('4', "resume", CLEO, "20T11:00:30")),
        line("20T11:30:02", &outcome('4', "accepted", None, Some("r4"))),
    ];
    put(&world.state("comeback/ledger.jsonl"), &(two_stops() + &sent.concat()));
    let report = world.run(&["report"]);
    let row = report.split_once(CLEO).unwrap().1;
    assert_snapshot!(row, @r"
      resumed                   It may move money a
    invoice 4711                   after 29 min              second time. (payment);
                                                             confirmed by a person
    agent:main:telegram:direct:78  resumed, answered         It is ordinary work
    weekly report                  after 60 s                that harms nothing
                                                             twice. (ordinary-work)
    agent:main:telegram:direct:77  went on without comeback  its user has written
                                   after 5.0 s               since the restart
    ");
}

/// A person confirms what an earlier stop left; a lost subagent; a run that met no gateway.
#[test]
fn what_comes_late_belongs_to_the_stop_that_it_is_about() {
    let world = World::new();
    let later = "20T11:20:00";
    let lost = "agent:main:subagent:7";
    let subagent = json!({"key": key('7'), "sessionKey": lost, "about": null, "verdict": "excluded",
        "decision": "skip", "rule": "subagent", "reason": "a subagent was cut off", "state": "skipped", "detail": null});
    let due = item('8', BEN, "weekly report", "due", ["send", "ordinary-work", "It is ordinary work."]);
    let more = [
        line("20T11:20:05", &boot(later, Some("20T11:10:00"))),
        line("20T11:20:06", &intent('7', "resume", lost, later)),
        line("20T11:20:06", &outcome('7', "accepted", Some("its user was told that it was cut off"), None)),
        line("20T11:20:07", &recovery("startup", "recovered", later, &[subagent])),
        line(
            "20T11:25:00",
            &json!({"kind": "decided", "key": key('4'), "confirmed": true, "by": {"session": CLEO}}),
        ),
        line("20T11:25:01", &intent('4', "resume", CLEO, later)),
        line(
            "20T11:25:01",
            &outcome('4', "accepted", Some("told to the agent whose user confirmed it"), None),
        ),
        line("20T11:40:00", &recovery("manual", "unreachable", later, &[due])),
    ];
    put(&world.state("comeback/ledger.jsonl"), &(two_stops() + &more.concat()));
    let report = world.json(0, &["report", "--since", "2026-11-20T00:00:00Z"]);
    let shown = |stop: &Value| -> String {
        let sessions = stop["sessions"].as_array().unwrap().iter();
        let shown = sessions.map(|one| {
            let moments = one["moments"].as_array().unwrap().iter();
            let moments: Vec<&str> = moments.map(|moment| moment["what"].as_str().unwrap()).collect();
            format!("{} {} {moments:?}\n", one["sessionKey"], one["fate"])
        });
        shown.collect()
    };
    let stops: Vec<String> = report["stops"].as_array().unwrap().iter().map(shown).collect();
    assert_snapshot!(stops.join("\n"), @r#"
    "agent:main:subagent:7" "left-alone" ["told"]

    "agent:main:telegram:direct:79" "resumed" ["held", "confirmed", "resumed"]
    "agent:main:telegram:direct:78" "answered" ["resumed", "answered"]
    "agent:main:telegram:direct:77" "went-on" ["told", "went-on"]
    "#);
}

/// The lines of a program that did not write down what became of each session, and that was killed before it could.
#[test]
fn a_ledger_without_items_is_told_too() {
    let world = World::new();
    let noon = "20T11:00:30";
    let lines = [
        line("20T11:00:31", &boot(noon, None)),
        line("20T11:00:32", &intent('3', "resume", BEN, noon)),
        line("20T11:00:33", &outcome('3', "refused", Some("UNAVAILABLE"), None)),
        line("20T11:00:33", &held('4', CLEO)),
    ];
    put(&world.state("comeback/ledger.jsonl"), &lines.concat());
    assert_snapshot!(world.run(&["report"]), @r"
    exit 0
    --- stdout
    Unplanned stop, back on 2026-11-20 at 11:00, 59 min ago

    SESSION                        WHAT BECAME OF IT         WHY
    agent:main:telegram:direct:78  failed                    UNAVAILABLE
                                   after 3.0 s
    agent:main:telegram:direct:79  held for a person         It may move money a
                                   [444444]                  second time. (payment)
                                   after 3.0 s

    1 session held: `comeback confirm` shows the messages, and `comeback confirm
    444444` sends that one.
    ");
}

#[test]
fn a_page_is_written_whole_and_for_its_owner_alone() {
    let world = world();
    let page = world.home().join("report.html");
    assert_snapshot!(world.run(&["report", "--html", page.to_str().unwrap()]), @r"
    exit 0
    --- stdout
    Written to [HOME]/report.html.
    ");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"), "{html}");
    assert!(world.files().contains(&"report.html".to_owned()), "0600: {:?}", world.files());
    assert_snapshot!(world.run(&["report", "--html", page.join("below").to_str().unwrap()]), @r"
    exit 1
    --- stderr
    error: cannot make the folder [HOME]/report.html: File exists (os error 17)
    ");
}
