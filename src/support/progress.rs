//! What is being waited for, told to a person who watches.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::text::one_line;

/// What is over sooner is not told.
const FIRST_AFTER: Duration = Duration::from_secs(1);
/// How often the line is written anew.
const TICK: Duration = Duration::from_secs(1);
/// A line that is longer is cut: one that the terminal wraps cannot be rewritten.
const LONGEST: usize = 70;
/// Goes to the beginning of the line and clears it.
const CLEAR: &str = "\r\x1b[K";

/// Whether somebody tells of a wait already; what happens within it is not told beside it.
static IS_TOLD: AtomicBool = AtomicBool::new(false);

/// Tells of a wait until it is dropped: on one line of stderr, which is rewritten each second and cleared in the end.
#[derive(Debug)]
pub struct Progress(Option<Ticker>);

#[derive(Debug)]
struct Ticker {
    label: Sender<String>,
    thread: Option<JoinHandle<()>>,
}

/// Tells whether a person watches stderr on a terminal that can clear a line.
#[must_use]
pub fn is_watched() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

impl Progress {
    /// Begins to tell of a wait; tells nothing unless it is `watched`, or where another wait is told of already.
    #[must_use]
    pub fn begin(watched: bool, what: &str) -> Self {
        if !watched || IS_TOLD.swap(true, Ordering::AcqRel) {
            return Self(None);
        }
        Self::on(io::stderr(), FIRST_AFTER, what)
    }

    fn on(out: impl Write + Send + 'static, first_after: Duration, what: &str) -> Self {
        let (label, labels) = channel();
        let what = what.to_owned();
        let thread = thread::spawn(move || tell(out, &labels, first_after, what));
        Self(Some(Ticker { label, thread: Some(thread) }))
    }

    /// Says what is waited for now.
    pub fn now(&self, what: impl FnOnce() -> String) {
        if let Some(ticker) = &self.0 {
            // The other end only goes when this one does.
            let _ = ticker.label.send(what());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let Some(Ticker { label, thread }) = self.0.take() else { return };
        drop(label);
        // It has no reason to panic, and what it tells is not missed.
        let _ended = thread.map(JoinHandle::join);
        IS_TOLD.store(false, Ordering::Release);
    }
}

/// Writes the line until the other end is gone. Where nobody reads stderr, nothing is missed.
fn tell(mut out: impl Write, labels: &Receiver<String>, first_after: Duration, mut what: String) {
    let begun = Instant::now();
    let (mut due, mut is_shown) = (begun + first_after, false);
    loop {
        match labels.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(label) => what = label,
            Err(RecvTimeoutError::Timeout) => {
                let line = one_line(&what, LONGEST);
                let _ = write!(out, "{CLEAR}{line} ({} s)", begun.elapsed().as_secs());
                let _ = out.flush();
                (due, is_shown) = (Instant::now() + TICK, true);
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if is_shown {
        let _ = write!(out, "{CLEAR}");
        let _ = out.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        fn text(&self) -> String {
            String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
        }
    }

    #[test]
    fn a_long_wait_is_told_on_one_line_which_is_cleared() {
        let paper = Paper::default();
        let progress = Progress::on(paper.clone(), Duration::from_millis(30), "reading");
        progress.now(|| "waiting for\nthe gateway".to_owned());
        let deadline = Instant::now() + Duration::from_secs(20);
        while paper.text().is_empty() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        drop(progress);
        let text = paper.text();
        assert!(
            text.starts_with("\r\x1b[Kwaiting for the gateway (0 s)") && text.ends_with(CLEAR),
            "{text:?}"
        );
        assert!(!text.contains('\n'), "{text:?}");
    }

    #[test]
    fn a_short_wait_and_one_that_nobody_watches_are_not_told() {
        let paper = Paper::default();
        drop(Progress::on(paper.clone(), Duration::from_secs(60), "reading"));
        assert_eq!(paper.text(), "");
        assert!(Progress::begin(false, "reading").0.is_none());
    }
}
