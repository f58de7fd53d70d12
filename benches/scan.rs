//! What `scan` costs, beside the reading that it cannot do without; docs/benchmarks.md holds what was measured.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot read its files has failed")]

mod support;

use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use comeback::flow::{self, Context, Scan, ScanRequest, Settings};
use comeback::support::clock::Clock;
use criterion::{BenchmarkId, Criterion};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use zstd::bulk::Decompressor;

use support::{BUDGET, NOW, Shape, Stores, TAIL, database, peak, read_tails, root, wal};

/// A longer answer of a tool tells of no command, which is seen without unpacking it.
const LONG: u32 = 16 << 10;
/// What is compared with it: fewer and more sessions, and the same ones with a tenth of their past.
const GROWTH: [Shape; 3] = [
    Shape { sessions: 100, bytes: 100_000 },
    Shape { sessions: 1_000, bytes: 100_000 },
    Shape { sessions: 10_000, bytes: 100_000 },
];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    let passing = tempfile::tempdir().unwrap();
    let root = root(&passing);
    let stores = Stores::of(&root, BUDGET);
    files(&mut criterion, &stores);
    databases(&mut criterion, &stores);
    growth(&mut criterion, &root, &stores);
    start(&mut criterion);
    memory(&stores);
    criterion.final_summary();
}

fn files(criterion: &mut Criterion, stores: &Stores) {
    let transcripts = stores.transcripts();
    let mut group = criterion.benchmark_group("files");
    group.bench_function("tails", |bencher| bencher.iter(|| read_tails(&transcripts)));
    check(stores, &stores.files);
    group.bench_function("scan", |bencher| bencher.iter(|| scan(&stores.files)));
    group.finish();
}

fn databases(criterion: &mut Criterion, stores: &Stores) {
    let ids = stores.ids();
    let mut group = criterion.benchmark_group("database");
    group.bench_function("tails", |bencher| bencher.iter(|| query_tails(&stores.database, &ids, |_| {})));
    let mut desk = (Decompressor::new().unwrap(), Vec::with_capacity(4 << 20));
    let mut unpack = |packed: &[u8]| {
        desk.1.clear();
        black_box(desk.0.decompress_to_buffer(packed, &mut desk.1).unwrap());
    };
    group.bench_function("tails, unpacked", |bencher| {
        bencher.iter(|| query_tails(&stores.database, &ids, &mut unpack));
    });
    check(stores, &stores.database);
    group.bench_function("scan", |bencher| bencher.iter(|| scan(&stores.database)));
    let with_wal = stores.with_wal();
    group.bench_function("copy", |bencher| bencher.iter(|| copy(&with_wal)));
    check(stores, &with_wal);
    group.bench_function("scan with -wal", |bencher| bencher.iter(|| scan(&with_wal)));
    group.finish();
}

fn growth(criterion: &mut Criterion, root: &Path, budget: &Stores) {
    let smaller = GROWTH.map(|shape| Stores::of(root, shape));
    let mut group = criterion.benchmark_group("growth");
    for stores in smaller.iter().chain([budget]) {
        let name = format!("{} of {} kB", stores.shape.sessions, stores.shape.bytes / 1_000);
        for (kind, state) in [("files", &stores.files), ("database", &stores.database)] {
            check(stores, state);
            group.bench_function(BenchmarkId::new(kind, &name), |bencher| bencher.iter(|| scan(state)));
        }
    }
    group.finish();
}

fn start(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    let run = |program: &str| {
        let status = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        assert!(status.unwrap().success());
    };
    group.sample_size(100);
    group.bench_function("true", |bencher| bencher.iter(|| run("/bin/true")));
    group.bench_function("comeback", |bencher| bencher.iter(|| run(env!("CARGO_BIN_EXE_comeback"))));
    group.finish();
}

fn memory(stores: &Stores) {
    for (kind, state) in
        [("files", &stores.files), ("database", &stores.database), ("with -wal", &stores.with_wal())]
    {
        let peak = peak(state, &NOW.to_rfc3339());
        writeln!(io::stdout().lock(), "memory/{kind}: at most {peak} KiB").unwrap();
    }
}

/// Does what the command does, but for the printing.
fn scan(state: &Path) -> Scan {
    let settings = Settings {
        state_dir: Some(state.to_owned()),
        clock: Clock::new(Some(NOW)),
        offline: true,
        ..Settings::default()
    };
    flow::scan(&Context::load(settings).unwrap(), &ScanRequest::default()).unwrap()
}

/// Makes sure that what is measured is what was meant.
fn check(stores: &Stores, state: &Path) {
    let scan = scan(state);
    assert!(scan.stores.iter().all(|store| store.warnings.is_empty()), "{:?}", scan.stores);
    assert_eq!(scan.counts, stores.verdicts().into());
}

/// Asks the database for the last events of each session, and hands on those that have to be unpacked.
fn query_tails(state: &Path, ids: &[String], mut unpack: impl FnMut(&[u8])) {
    let uri = format!("file:{}?immutable=1", database(state).display());
    let alone = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | alone;
    let connection = Connection::open_with_flags(uri, flags).unwrap();
    let query = "SELECT event_json, event_zstd, event_utf8_bytes FROM transcript_events
        WHERE session_id = ?1 ORDER BY seq DESC";
    let mut statement = connection.prepare(query).unwrap();
    for id in ids {
        let mut rows = statement.query([id]).unwrap();
        let mut read = 0;
        while read < TAIL {
            let Some(row) = rows.next().unwrap() else { break };
            let (packed, length) = (black_box(row.get_ref(1).unwrap()), row.get::<_, u32>(2).unwrap());
            black_box(row.get_ref(0).unwrap());
            if let ValueRef::Blob(packed) = packed
                && length <= LONG
            {
                unpack(packed);
            }
            read += length;
        }
    }
}

/// Copies a database with its `-wal`.
fn copy(state: &Path) {
    let folder = tempfile::tempdir().unwrap();
    for from in [database(state), wal(state)] {
        fs::copy(&from, folder.path().join(from.file_name().unwrap())).unwrap();
    }
}
