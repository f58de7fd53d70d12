//! `docs/recovery-matrix.md`: written by the run when `COMEBACK_WRITE_DOCS` is set, else compared with it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs};

use super::life::Side;
use super::seen::Seen;
use super::situations::Situation;

const VERSIONS: [&str; 3] = ["2026.5.28", "2026.7.1", "2026.9.6"];
const UNKNOWN: &str = "–";
const HEAD: &str = "\
# What people see after a crash

Each line is a Telegram chat on a real gateway. The gateway was killed by SIGKILL in the situation that the line names,
and started again; nobody had prepared anything. \"Alone\" is OpenClaw as it comes, \"with `comeback`\" the same with the
startup hook installed. All of a version's chats share one gateway and one kill, except the last three. \"Asked to confirm\"
is a message with a code: nothing happens before somebody sends it back. A message that was steered in comes again from
Telegram; where a gateway before 2026.8 looks before that, it tells the user to send the request again as well.

How far OpenClaw's own recovery has come when it is killed for the second time is chance: of all cells of OpenClaw alone,
two were not the same in two runs, both of them \"twice in a row\".

`tests/gateways/crash/` is the run. It writes this page when it is told to (`COMEBACK_WRITE_DOCS=1`); otherwise it fails
where the last column does not hold any more.
";

/// The cells, by version, situation and side.
type Cells = BTreeMap<(String, String, Side), String>;

/// One run at a time reads and writes the page.
static PAGE: Mutex<()> = Mutex::new(());

/// Puts what was seen on the page, or compares it.
pub fn record(version: &str, side: Side, seen: &[Seen]) {
    let _turn = PAGE.lock();
    let text = fs::read_to_string(path()).unwrap_or_default();
    let mut cells = parse(&text);
    let new = seen.iter().map(|one| ((version.to_owned(), one.situation.to_string(), side), one.to_string()));
    if env::var_os("COMEBACK_WRITE_DOCS").is_some() {
        cells.extend(new);
        fs::write(path(), render(&cells)).unwrap();
    } else if side == Side::Comeback {
        for (key, cell) in new {
            assert_eq!(cells.get(&key), Some(&cell), "{key:?}: docs/recovery-matrix.md tells something else");
        }
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recovery-matrix.md")
}

fn parse(page: &str) -> Cells {
    let mut cells = Cells::new();
    let mut version = "";
    for line in page.lines() {
        let row: Vec<&str> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        match row[..] {
            [heading] => version = heading.strip_prefix("## ").unwrap_or(version),
            [situation, alone, comeback] => {
                for (side, cell) in [(Side::Alone, alone), (Side::Comeback, comeback)] {
                    cells.insert((version.to_owned(), situation.to_owned(), side), cell.to_owned());
                }
            }
            _ => {}
        }
    }
    cells
}

fn render(cells: &Cells) -> String {
    let mut page = HEAD.to_owned();
    for version in VERSIONS {
        write!(
            page,
            "\n## {version}\n\n| SIGKILL while … | alone | with `comeback` |\n| --- | --- | --- |\n"
        )
        .unwrap();
        for situation in Situation::ALL {
            let cell = |side| {
                let key = (version.to_owned(), situation.to_string(), side);
                cells.get(&key).map_or(UNKNOWN, String::as_str)
            };
            writeln!(page, "| {situation} | {} | {} |", cell(Side::Alone), cell(Side::Comeback)).unwrap();
        }
    }
    page
}
