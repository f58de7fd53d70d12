//! A NOW.md that somebody wrote: a change arrives, and a second time it changes nothing.
#![no_main]

use comeback::now::{Changes, Now, splice};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let changes = Changes { tasks: Some(vec!["new".to_owned()]), ..Changes::default() };
    let once = splice(Some(text), &changes);
    assert_eq!(Now::parse(&once).tasks, ["new"]);
    assert_eq!(splice(Some(&once), &changes), once);
});
