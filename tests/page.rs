//! The page of `comeback report --html` in a real browser: light and dark, wide and narrow, with hostile text in it.
//!
//! Needs Debian's `chromium` on the PATH; `scripts/test.sh` installs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// Text that must stay text.
const HOSTILE: &str =
    r#"</pre><script>document.title="owned"</script><img src=x onerror="document.title='owned'">"#;
/// The widths of a small phone, a tablet, a window.
const WIDTHS: [u32; 3] = [320, 768, 1400];

/// Looks at the page in a frame of each width, and says what it sees in the place of the frames.
const LOOK: &str = r"
const look = frame => {
  const page = frame.contentDocument, style = (at, what) => getComputedStyle(page.querySelector(at))[what];
  const boxes = [...page.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > page.documentElement.clientWidth + 1);
  return {
    width: frame.clientWidth, overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    beyond: boxes.map(one => one.tagName + '.' + one.className), title: page.title,
    page: style('body', 'backgroundColor'), ink: style('body', 'color'), card: style('article', 'backgroundColor'),
    scripts: page.querySelectorAll('script, img').length, articles: page.querySelectorAll('article').length,
    moments: [...page.querySelectorAll('article:first-of-type .way li .word')].map(one => one.textContent),
    labels: [...page.querySelectorAll('[aria-labelledby]')].every(one => page.getElementById(one.getAttribute('aria-labelledby'))),
    message: page.querySelector('pre').textContent,
  };
};
addEventListener('load', () => {
  const seen = [...document.querySelectorAll('iframe')].map(look);
  document.body.textContent = '[[[' + btoa(unescape(encodeURIComponent(JSON.stringify(seen)))) + ']]]';
});
";

fn ledger() -> String {
    let key = |digit: char| format!("comeback-{}", digit.to_string().repeat(32));
    let boot = json!({"startedAt": "2026-11-20T11:00:30Z", "bootId": null});
    let long = format!("agent:main:telegram:group:-100{}:thread:42", "1234567890".repeat(12));
    let item = |digit, session: &str, state| {
        json!({"key": key(digit), "sessionKey": session, "about": format!("{HOSTILE} 整理第四十七个表格"),
            "verdict": "interrupted", "decision": "hold", "rule": "payment", "reason": HOSTILE, "state": state, "detail": null})
    };
    let session = "agent:main:telegram:direct:78";
    let events = [
        json!({"kind": "boot", "boot": boot, "lastSignOfLife": "2026-11-20T02:00:10Z"}),
        json!({"kind": "held", "key": key('4'), "sessionKey": long, "checkpoint": null, "rule": "payment",
            "reason": HOSTILE, "message": HOSTILE}),
        json!({"kind": "intent", "key": key('3'), "effect": "resume", "sessionKey": session, "boot": boot, "message": HOSTILE}),
        json!({"kind": "outcome", "key": key('3'), "outcome": "accepted", "detail": null, "runId": "r"}),
        json!({"kind": "outcome", "key": key('3'), "outcome": "failed", "detail": "x".repeat(300), "runId": "r"}),
        json!({"kind": "recovery", "checkpoint": null, "boot": boot, "trigger": "startup", "outcome": "recovered",
            "items": [item('4', &long, "held"), item('3', session, "resumed")]}),
    ];
    let line = |(at, event): (usize, &Value)| {
        format!("{}\n", json!({"v": 1, "at": format!("2026-11-20T11:00:3{at}Z"), "event": event}))
    };
    events.iter().enumerate().map(line).collect()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn page(home: &Path) -> String {
    let own = home.join(".openclaw/comeback");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("ledger.jsonl"), ledger()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_comeback"));
    command.args(["report", "--html", "page.html"]).env_clear().current_dir(home);
    command.envs([("TZ", "UTC"), ("COMEBACK_NOW", "2026-11-20T12:00:00Z")]).env("HOME", home);
    run(&mut command);
    fs::read_to_string(home.join("page.html")).unwrap()
}

/// Shows the page in frames of all widths, and returns what a browser that prefers this scheme sees.
fn seen(home: &Path, page: &str, scheme: u8) -> Vec<Value> {
    let quoted = page.replace('&', "&amp;").replace('"', "&quot;");
    let frame = |width: &u32| {
        format!(r#"<iframe style="border:0;width:{width}px;height:900px" srcdoc="{quoted}"></iframe>"#)
    };
    let frames: String = WIDTHS.iter().map(frame).collect();
    let harness = home.join("harness.html");
    let html = format!("<!doctype html><meta charset=utf-8><body>{frames}<script>{LOOK}</script>");
    fs::write(&harness, html).unwrap();
    let mut browser = Command::new("chromium");
    browser.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=10000",
        "--dump-dom",
    ]);
    browser.arg(format!("--blink-settings=preferredColorScheme={scheme}"));
    browser.arg(format!("--user-data-dir={}", home.join("browser").display())).arg(&harness);
    let dom = run(&mut browser);
    let (_, rest) = dom.split_once("[[[").unwrap_or_else(|| panic!("nothing was seen: {dom}"));
    let (code, _) = rest.split_once("]]]").unwrap();
    let json = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, code).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// Returns how bright a colour is, by the sum of its parts.
fn brightness(colour: &Value) -> u32 {
    let numbers = colour
        .as_str()
        .unwrap()
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse::<u32>().ok());
    numbers.take(3).sum()
}

#[test]
fn a_browser_shows_it_in_light_and_dark_and_in_every_width() {
    let home = tempfile::tempdir().unwrap();
    let page = page(home.path());
    assert!(!page.contains("<script") && !page.contains("<img"), "all text is escaped");
    let schemes = [1, 0].map(|scheme| seen(home.path(), &page, scheme));
    for frame in schemes.iter().flatten() {
        assert_eq!((&frame["overflow"], &frame["beyond"]), (&0.into(), &json!([])), "{frame:#}");
        assert_eq!((&frame["scripts"], &frame["articles"]), (&0.into(), &2.into()), "{frame:#}");
        assert_eq!((&frame["labels"], &frame["message"]), (&true.into(), &HOSTILE.into()), "{frame:#}");
        assert!(frame["title"].as_str().unwrap().starts_with("comeback report, 2026-11-20"), "{frame:#}");
        assert_eq!(
            frame["moments"],
            json!(["gateway last at work", "gateway back", "resumed by comeback", "failed"])
        );
    }
    for (light, dark) in schemes[0].iter().zip(&schemes[1]) {
        for (ground, ink) in [("page", "ink"), ("card", "ink")] {
            assert!(brightness(&light[ground]) > brightness(&light[ink]) + 400, "{light:#}");
            assert!(brightness(&dark[ground]) + 400 < brightness(&dark[ink]), "{dark:#}");
        }
    }
}
