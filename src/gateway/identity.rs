//! The device identity: an Ed25519 key by which gateways know this program again.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::support::error::{Error, Kind, Result};
use crate::support::fs;

/// The version of the file's format that this program writes.
const FORMAT: u64 = 1;
const KEY: &str = "privateKey";
const PAIRED: &str = "pairedAsAdmin";

/// Holds the key of this installation, and whether the gateway already knows it with all its scopes.
pub(super) struct Identity {
    path: PathBuf,
    key: SigningKey,
    document: Map<String, Value>,
}

/// What is signed to connect, as the gateway puts it together again.
pub(super) struct Statement<'a> {
    pub client: &'a str,
    pub mode: &'a str,
    pub role: &'a str,
    pub scopes: &'a str,
    pub signed_at: i64,
    pub token: &'a str,
    pub nonce: &'a str,
    pub platform: &'a str,
}

impl Identity {
    /// Reads the identity, or makes one; of two processes that make one at once, both end with the first.
    pub fn open(path: &Path) -> Result<Self> {
        let text = match fs::read(path)? {
            Some(text) => text,
            None => make(path)?,
        };
        parse(&text).map(|(key, document)| Self { path: path.to_owned(), key, document }).ok_or_else(|| {
            Error::new(Kind::User, format!("{} holds no device key", path.display()))
                .hint("move the file away: a new key is made, and the gateway pairs it again")
        })
    }

    /// Returns the id by which the gateway lists this device: the SHA-256 of its public key, in hex.
    pub fn id(&self) -> String {
        let mut hex = String::new();
        for byte in Sha256::digest(self.key.verifying_key().as_bytes()) {
            let _infallible = write!(hex, "{byte:02x}");
        }
        hex
    }

    /// Returns the public key as the protocol writes it.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes())
    }

    /// Signs a statement in the form `v3`; the device family at its end stays empty.
    pub fn sign(&self, statement: &Statement<'_>) -> String {
        let Statement { client, mode, role, scopes, signed_at, token, nonce, platform } = statement;
        let id = self.id();
        let text = format!("v3|{id}|{client}|{mode}|{role}|{scopes}|{signed_at}|{token}|{nonce}|{platform}|");
        URL_SAFE_NO_PAD.encode(self.key.sign(text.as_bytes()).to_bytes())
    }

    /// Tells whether a connection with all scopes has succeeded before.
    pub fn paired(&self) -> bool {
        self.document.get(PAIRED) == Some(&Value::Bool(true))
    }

    /// Notes that a connection with all scopes has succeeded; a file of a newer format stays as it is.
    pub fn set_paired(&mut self) -> Result<()> {
        if self.document.get("formatVersion").and_then(Value::as_u64) != Some(FORMAT) {
            return Ok(());
        }
        self.document.insert(PAIRED.to_owned(), Value::Bool(true));
        fs::write(&self.path, text(&self.document).as_bytes())
    }
}

fn parse(text: &str) -> Option<(SigningKey, Map<String, Value>)> {
    let Ok(Value::Object(document)) = serde_json::from_str(text) else { return None };
    let seed = URL_SAFE_NO_PAD.decode(document.get(KEY)?.as_str()?).ok()?;
    Some((SigningKey::from_bytes(&seed.try_into().ok()?), document))
}

fn text(document: &Map<String, Value>) -> String {
    format!("{:#}\n", Value::Object(document.clone()))
}

/// Makes the file and returns what stands in it, which is another process's key where that one was faster.
fn make(path: &Path) -> Result<String> {
    let failed = |error| fs::failed("write", path, error);
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        Error::new(Kind::User, "the system gives no random numbers").because(error.to_string())
    })?;
    let mut document = Map::new();
    document.insert("formatVersion".to_owned(), json!(FORMAT));
    document.insert(KEY.to_owned(), json!(URL_SAFE_NO_PAD.encode(seed)));
    let text = text(&document);

    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir(folder)?;
    let mut file = tempfile::Builder::new().prefix(".comeback-").tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    fs::give_to_owner_of_folder(file.path()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            fs::sync_dir(folder).map_err(failed)?;
            Ok(text)
        }
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
            Ok(fs::read(path)?.unwrap_or_default())
        }
        Err(error) => Err(failed(error.error)),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use ed25519_dalek::{Signature, Verifier, VerifyingKey};

    use super::*;

    fn statement<'a>() -> Statement<'a> {
        Statement {
            client: "cli",
            mode: "cli",
            role: "operator",
            scopes: "operator.read,operator.write",
            signed_at: 1_795_218_356_003,
            token: "secret",
            nonce: "n0nce",
            platform: "linux",
        }
    }

    #[test]
    fn the_signature_is_that_of_the_documented_string() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::open(&dir.path().join("own/device.json")).unwrap();
        let bytes = |text: String| URL_SAFE_NO_PAD.decode(text).unwrap();
        let key: [u8; 32] = bytes(identity.public_key()).try_into().unwrap();
        let signature = Signature::from_slice(&bytes(identity.sign(&statement()))).unwrap();
        let text = format!(
            "v3|{}|cli|cli|operator|operator.read,operator.write|1795218356003|secret|n0nce|linux|",
            identity.id()
        );
        VerifyingKey::from_bytes(&key).unwrap().verify(text.as_bytes(), &signature).unwrap();
        assert_eq!(identity.id().len(), 64);
        assert!(identity.id().starts_with(&format!("{:02x}", Sha256::digest(key)[0])));
    }

    #[test]
    fn the_file_is_private_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.json");
        let mut first = Identity::open(&path).unwrap();
        assert!(!first.paired());
        first.set_paired().unwrap();
        let again = Identity::open(&path).unwrap();
        assert!(again.paired());
        assert_eq!(again.id(), first.id());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_race_ends_with_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.json");
        let ids: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> =
                (0..16).map(|_| scope.spawn(|| Identity::open(&path).unwrap().id())).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
    }

    /// A key that is lost is paired anew by a person's decision, never by a run that finds half of one.
    #[test]
    fn a_file_cut_off_at_any_byte_or_zeroed_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.json");
        let id = Identity::open(&path).unwrap().id();
        let whole = std::fs::read(&path).unwrap();
        for end in 0..=whole.len() {
            for zeros in [0, 512] {
                let left = [&whole[..end], &vec![0; zeros]].concat();
                std::fs::write(&path, &left).unwrap();
                match Identity::open(&path) {
                    Ok(read) => {
                        let is_whole = zeros == 0 && whole[end..].iter().all(u8::is_ascii_whitespace);
                        assert!(is_whole && read.id() == id, "{end}");
                    }
                    Err(error) => {
                        assert!(error.to_string().contains("device.json"), "{error}");
                        assert!(!error.hints().is_empty(), "it says what to do");
                    }
                }
                assert_eq!(std::fs::read(&path).unwrap(), left, "{end}");
            }
        }
    }

    #[test]
    fn a_newer_file_is_read_and_left_alone_and_a_broken_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.json");
        let newer =
            json!({"formatVersion": 2, "privateKey": URL_SAFE_NO_PAD.encode([7; 32]), "more": 1}).to_string();
        fs::write(&path, newer.as_bytes()).unwrap();
        Identity::open(&path).unwrap().set_paired().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), newer);
        fs::write(&path, b"{").unwrap();
        let error = Identity::open(&path).err().unwrap();
        assert!(error.to_string().contains("device.json"), "{error}");
    }
}
