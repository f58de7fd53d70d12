//! What a person at a terminal sees beside the text: colour, and what is waited for.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::world::World;

/// The program on a terminal of its own, with these variables; `script` makes the terminal.
fn on_a_terminal(world: &World, args: &str, variables: &[(&str, &str)]) -> Command {
    let line = format!("{} {args}", env!("CARGO_BIN_EXE_comeback"));
    let mut command = world.std_command("script", &["-qec", &line, "/dev/null"]);
    command.env("TERM", "xterm").env("SHELL", "/bin/sh").envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn seen(world: &World, args: &str, variables: &[(&str, &str)]) -> String {
    let output = on_a_terminal(world, args, variables).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn colour_is_for_a_terminal_that_wants_it() {
    let world = World::new();
    let status = |variables: &[(&str, &str)]| seen(&world, "status", variables);
    assert!(
        status(&[]).starts_with("\x1b[1mGateway\x1b[0m   \x1b[33mdoes not seem to run\x1b[0m"),
        "{}",
        status(&[])
    );
    assert!(status(&[("NO_COLOR", "")]).contains("\x1b["), "an empty one does not count");
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert!(status(&[plain]).starts_with("Gateway   does not seem to run\r\n"), "{plain:?}");
    }
    assert!(!seen(&world, "status --json", &[]).contains('\x1b'));
    assert!(!world.run(&["status"]).contains('\x1b'), "a pipe is no terminal");
}

#[test]
fn a_long_wait_is_told_until_it_is_over() {
    let world = World::new();
    std::fs::create_dir_all(world.state("comeback")).unwrap();
    let lock = File::create(world.state("comeback/lock")).unwrap();
    lock.lock().unwrap();
    let mut child = on_a_terminal(&world, "recover --offline", &[]).spawn().unwrap();
    let (mut seen, mut byte) = (Vec::new(), [0]);
    let told = b"waiting for another run of comeback to end (";
    let mut screen = child.stdout.take().unwrap();
    // The program waits for a minute, and ends then.
    while !seen.ends_with(told) && screen.read(&mut byte).unwrap() > 0 {
        seen.extend(byte);
    }
    drop(lock);
    screen.read_to_end(&mut seen).unwrap();
    let seen = String::from_utf8(seen).unwrap();
    assert!(
        seen.starts_with("\r\x1b[Kwaiting") && seen.ends_with("\r\x1b[KNothing to recover.\r\n"),
        "{seen:?}"
    );
    assert!(child.wait().unwrap().success());
}
