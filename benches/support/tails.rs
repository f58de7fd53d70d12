//! The reading that no scan of files can do without, and that of every byte.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

pub const TAIL: u32 = 64 << 10;
const PIECE: usize = 1 << 20;

/// Reads the end of each file, and nothing else.
pub fn read_tails(transcripts: &[PathBuf]) {
    let mut tail = vec![0; TAIL as usize];
    for path in transcripts {
        let file = File::open(path).unwrap();
        let start = file.metadata().unwrap().len().saturating_sub(TAIL.into());
        black_box(file.read_at(&mut tail, start).unwrap());
    }
}

/// Reads each file from its beginning to its end.
pub fn read_whole(transcripts: &[PathBuf]) {
    let mut piece = vec![0; PIECE];
    for path in transcripts {
        let mut file = File::open(path).unwrap();
        while black_box(file.read(&mut piece).unwrap()) > 0 {}
    }
}
