//! Whose process it is at the other end of a connection within this machine.
//!
//! The token goes to whoever has challenged us, and while the gateway is down anybody on the machine may listen on its
//! port. Linux tells who owns the other end; where nothing tells, as on other systems, nothing is refused.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::failure::Failure;

/// Where Linux lists the ends of connections.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
const ESTABLISHED: &str = "01";
const ROOT: u32 = 0;

/// Refuses an end that belongs to somebody who is neither root, nor us, nor the owner of the state directory. It is known
/// as soon as the process there has sent something.
pub(super) fn ensure_ours(ours: SocketAddr, theirs: SocketAddr, state: &Path) -> Result<(), Failure> {
    let uid = |path: &Path| fs::metadata(path).ok().map(|meta| meta.uid());
    let trusted = [Some(ROOT), uid(Path::new("/proc/self")), uid(state)];
    let tables = TABLES.map(|table| fs::read_to_string(table).unwrap_or_default());
    match owners(&tables, ours.port(), theirs.port()).find(|owner| !trusted.contains(&Some(*owner))) {
        None => Ok(()),
        Some(owner) => Err(Failure::Stranger(format!(
            "it belongs to user {owner}, who does not own the state directory: it was not sent the token"
        ))),
    }
}

/// Finds the owners of the other end of a connection, by the ports of both.
fn owners(tables: &[String], ours: u16, theirs: u16) -> impl Iterator<Item = u32> {
    let owner = move |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port = |at: usize| u16::from_str_radix(fields.get(at)?.rsplit_once(':')?.1, 16).ok();
        let is_it = port(1) == Some(theirs) && port(2) == Some(ours) && fields.get(3) == Some(&ESTABLISHED);
        fields.get(7).filter(|_| is_it)?.parse().ok()
    };
    tables.iter().flat_map(|table| table.lines()).filter_map(owner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot open its sockets has failed")]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4965 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41 1 0 100 0 0 10 0
   1: 0100007F:4965 0100007F:A1B2 01 00000000:00000000 00:00000000 00000000  1001        0 42 1 0 20 4 30 10 -1
   2: 0100007F:A1B2 0100007F:4965 01 00000000:00000000 00:00000000 00000000  1002        0 43 1 0 20 4 30 10 -1
   3: 0100007F:4965 0100007F:A1B3 06 00000000:00000000 03:00000A8B 00000000     0        0 0 3 0
torn
";

    #[test]
    fn the_owner_is_that_of_the_other_end() {
        let owners =
            |ours, theirs| owners(&[TABLE.to_owned(), String::new()], ours, theirs).collect::<Vec<_>>();
        assert_eq!(owners(0xa1b2, 0x4965), [1001]);
        assert_eq!(owners(0x4965, 0xa1b2), [1002]);
        assert_eq!(owners(0xa1b3, 0x4965), [0_u32; 0], "nothing is established there");
        assert_eq!(owners(0xa1b2, 1), [0_u32; 0]);
    }

    #[test]
    fn a_process_of_ours_is_trusted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let (ours, theirs) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
        ensure_ours(ours, theirs, Path::new("/")).unwrap();
        let tables = TABLES.map(|table| fs::read_to_string(table).unwrap_or_default());
        let seen = owners(&tables, ours.port(), theirs.port()).count();
        assert_eq!(seen, usize::from(!tables[0].is_empty()), "one end, where the system tells");
        drop(accepted);
    }
}
