//! Long tasks: worked on in chunks, woken, cut off in the middle, and stopped where they must not go on.

use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};

use rstest::rstest;
use serde_json::{Value, json};

use crate::comeback;
use crate::harness::World;
use crate::harness::model::{Reply, Request};
use crate::harness::wait;
use crate::people::{ADA, BEN, CYD, LATER, SOON, key};

/// What Ada asks for; the other two ask for the same with another word in it.
const LONG: &str = "please do the long task";
const TAMPERED: &str = "please do the tampered task";
const HOPELESS: &str = "please do the hopeless task";
const STEPS: usize = 5;
/// So many steps are one turn's chunk.
const CHUNK: usize = 2;
/// The step in which the gateway is killed.
const CUT: usize = 3;
const RESUME: &str = "comeback task resume smartwake_";

/// The steps that the agents were told to do, and did their commands for.
type Begun = Arc<Mutex<Vec<usize>>>;

/// Finds a task's id.
fn id_in(text: &str) -> Option<String> {
    let rest = &text[text.find("smartwake_")?..];
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
}

fn start(chat: i64) -> String {
    let steps: Vec<String> = (1..=STEPS).map(|step| format!("--step 'write part {step}'")).collect();
    format!(
        "comeback task start --goal 'write the parts' --timeout 10m --estimate 9m --session-key {} {} \
         --done 'all parts are there'",
        key(chat),
        steps.join(" ")
    )
}

/// Does a step and takes it down; the first time, the one that is to be cut off does not come to its end.
fn work(id: &str, step: usize, hangs: bool) -> String {
    let hang = if hangs { "mkdir begun && cat pipe; " } else { "" };
    format!(
        "{hang}echo {step} > {id}-{step}.txt && comeback task step {id} 'write part {step}' --artifact {id}-{step}.txt"
    )
}

fn wait_for_wake(id: &str, delay: &str) -> String {
    format!("comeback task wait {id} --reason timeout_recovery --in {delay}")
}

/// Returns the step that comes after what a command of ours has said.
fn next_in(results: &str) -> Option<usize> {
    let after = |mark: &str| results.rsplit_once(mark).map(|(_, rest)| rest.to_owned());
    let next = after("is done, \"write part ").or_else(|| after("resumed at \"write part "))?;
    next.chars().next()?.to_digit(10).map(|digit| digit as usize)
}

/// The agents: they do what they are told by their users and by our texts, and nothing else.
fn script(begun: &Begun) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let begun = Arc::clone(begun);
    move |request| {
        let (said, results) = (request.last_user_text(), request.last_tool_results());
        for (asked, chat) in [(LONG, ADA), (TAMPERED, BEN), (HOPELESS, CYD)] {
            if said.contains(asked) && results.is_empty() && !said.contains(RESUME) {
                return Reply::exec(&start(chat));
            }
        }
        let known = request.messages.iter().rev().find_map(|message| id_in(&message.text));
        let Some(id) = known else { return Reply::text("Noted.") };
        if said.contains(RESUME) || said.contains("Your previous turn was interrupted") {
            return Reply::exec(&format!("comeback task resume {id}"));
        }
        if results.contains("blocked now") || results.contains("is not vacant") {
            return Reply::text("It goes no further.");
        }
        if results.contains(": waiting, ") {
            return Reply::text("I go on later.");
        }
        if results.contains(": done, 100 %") {
            return Reply::text("All parts are written.");
        }
        if results.contains("no step is left") {
            return Reply::exec(&format!("comeback task done {id}"));
        }
        let next = next_in(&results).or(results.contains("smart-wake is needed").then_some(1));
        let Some(next) = next else { return Reply::text(format!("What is this? {results}")) };
        if request.remembers(HOPELESS) {
            // The test takes it up in between.
            let delay = if results.contains("resumed at") { "5s" } else { "10m" };
            return Reply::exec(&wait_for_wake(&id, delay));
        }
        let is_chunk_over = next % CHUNK == 1 && results.contains("is done, ");
        match (is_chunk_over, request.remembers(TAMPERED)) {
            (true, true) => {
                return Reply::exec(&format!("{} && echo other > {id}-1.txt", wait_for_wake(&id, "5s")));
            }
            (true, false) => return Reply::exec(&wait_for_wake(&id, "5s")),
            (false, _) => {}
        }
        let mut begun = begun.lock().unwrap();
        let hangs = next == CUT && !begun.contains(&next);
        begun.push(next);
        Reply::exec(&work(&id, next, hangs))
    }
}

fn world(version: &str, begun: &Begun) -> World {
    let mut world = World::new(version, script(begun));
    comeback::install(&world);
    world.gateway.start();
    world.gateway.wait_ready();
    comeback::json(&world.gateway, 0, &["setup", "install", "--hook"]);
    world
}

/// The task of a chat's session.
fn task(world: &World, chat: i64) -> Value {
    let listed = comeback::json(&world.gateway, 0, &["task", "list"]);
    let tasks = listed["tasks"].as_array().unwrap();
    tasks.iter().find(|task| task["session_key"] == key(chat)).cloned().unwrap_or_default()
}

/// The wakes of all tasks that the gateway holds, disabled ones too.
fn wakes(world: &World) -> Vec<Value> {
    let listed = comeback::call(&world.gateway, "cron.list", &json!({"includeDisabled": true}));
    let jobs = listed["jobs"].as_array().cloned().unwrap_or_default();
    jobs.into_iter().filter(|job| job["name"].as_str().unwrap().starts_with("smart-wake:")).collect()
}

fn wait_until(world: &World, chat: i64, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    wait::poll(LATER, || Some(task(world, chat)).filter(|task| is_so(task))).unwrap_or_else(|| {
        panic!(
            "{what}: {:#}\nchat: {:?}\njobs: {:?}",
            task(world, chat),
            world.telegram.sent(chat),
            wakes(world)
        )
    })
}

#[rstest]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_task_is_woken_and_survives_a_kill_with_each_step_done_once(#[case] version: &str) {
    let begun = Begun::default();
    let mut world = world(version, &begun);
    let workspace = world.gateway.workspace();
    assert!(Command::new("mkfifo").arg(workspace.join("pipe")).status().unwrap().success());
    world.telegram.say(ADA, "Ada", LONG);
    wait::until("the third step to begin", LATER, || workspace.join("begun").exists().then_some(()));
    let waiting = task(&world, ADA);
    assert_eq!((&waiting["status"], &waiting["retry_count"]), (&json!("running"), &json!(1)));
    assert_eq!(waiting["last_completed"], json!(["write part 1", "write part 2"]));

    let id = waiting["task_id"].as_str().unwrap();
    let error = comeback::json(&world.gateway, 8, &["task", "resume", id])["error"]["message"].clone();
    assert!(error.as_str().unwrap().contains("works on it"), "its session is alive: {error}");

    world.gateway.sigkill_all();
    world.gateway.start();
    world.gateway.wait_ready();
    let done = wait_until(&world, ADA, "it is never done", |task| task["status"] == "done");
    let steps: Vec<String> = (1..=STEPS).map(|step| format!("write part {step}")).collect();
    assert_eq!(done["last_completed"], json!(steps), "each once");
    let mut begun = begun.lock().unwrap().clone();
    begun.sort_unstable();
    assert_eq!(begun, [1, 2, CUT, CUT, 4, 5], "what was done is skipped, what was cut off is done again");
    assert_eq!(done["artifacts"].as_array().unwrap().len(), STEPS);
    let told = |text: &str| text.contains("All parts are written.");
    world.telegram.wait_for_message(ADA, "the end", LATER, told);
    wait::until("no wake to be left", SOON, || wakes(&world).is_empty().then_some(()));
    assert_eq!(comeback::json(&world.gateway, 0, &["status"])["tasks"], json!([]));
}

#[rstest]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_tampered_artifact_and_too_many_retries_stop_a_task(#[case] version: &str) {
    let world = world(version, &Begun::default());
    let is_notice = |text: &str| text.contains("does not go on by itself");
    world.telegram.say(BEN, "Ben", TAMPERED);
    world.telegram.say(CYD, "Cyd", HOPELESS);
    let hopeless = wait_until(&world, CYD, "it never waits", |task| task["status"] == "waiting");
    let id = hopeless["task_id"].as_str().unwrap();
    // The first tries, without waiting for their wakes.
    for _ in 0..3 {
        comeback::json(&world.gateway, 0, &["task", "resume", id]);
        comeback::json(
            &world.gateway,
            0,
            &["task", "wait", id, "--reason", "timeout_recovery", "--in", "10m"],
        );
    }
    comeback::json(&world.gateway, 0, &["task", "wait", id, "--reason", "timeout_recovery", "--in", "5s"]);

    for (chat, name, why) in
        [(BEN, "Ben", "an artifact has changed"), (CYD, "Cyd", "taken up 5 times without")]
    {
        let blocked = wait_until(&world, chat, "it is never blocked", |task| task["status"] == "blocked");
        assert!(blocked["blocked"]["reason"].as_str().unwrap().contains(why), "{name}: {blocked:#}");
        world
            .telegram
            .wait_for_message(chat, "the notice", LATER, |text| is_notice(text) && text.contains(why));
    }
    wait::until("no wake to be left", LATER, || wakes(&world).is_empty().then_some(()));
    comeback::json(&world.gateway, 0, &["recover"]);
    for chat in [BEN, CYD] {
        assert_eq!(world.telegram.matching(chat, is_notice).len(), 1, "{:?}", world.telegram.sent(chat));
    }
    let tampered = task(&world, BEN);
    let path = world.gateway.workspace().join(tampered["artifacts"][0].as_str().unwrap());
    assert_eq!(
        comeback::json(&world.gateway, 8, &["task", "guard", path.to_str().unwrap()])["state"],
        "changed"
    );
    assert_eq!(fs::read_to_string(path).unwrap(), "other\n", "it is left as it is");
}
