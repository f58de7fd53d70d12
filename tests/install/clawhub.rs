//! `ClawHub`'s own command line (npm), against a stand-in for its registry on this machine.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

use crate::bundle::Sources;
use crate::folder::{root, said, tree};

const VERSION: &str = "1.0.0";

/// Answers as the registry does for one skill: what it knows of it, and its archive.
struct Registry {
    server: Arc<Server>,
    worker: Option<JoinHandle<()>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    fn new(archive: Option<Vec<u8>>) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (listening, noted) = (Arc::clone(&server), Arc::clone(&asked));
        let worker = thread::spawn(move || {
            for request in listening.incoming_requests() {
                noted.lock().unwrap().push(request.url().to_owned());
                let path = request.url().split('?').next().unwrap().to_owned();
                let answer = match (path.as_str(), &archive) {
                    ("/api/v1/download", Some(archive)) => Some((archive.clone(), "application/zip")),
                    ("/api/v1/skills/comeback", Some(_)) => {
                        Some((skill().to_string().into_bytes(), "application/json"))
                    }
                    _ => None,
                };
                let (status, (body, kind)) =
                    answer.map_or((404, (b"skill not found".to_vec(), "text/plain")), |answer| (200, answer));
                let kind = Header::from_bytes("Content-Type", kind).unwrap();
                let _gone =
                    request.respond(Response::from_data(body).with_status_code(status).with_header(kind));
            }
        });
        Self { server, worker: Some(worker), asked }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.unblock();
        self.worker.take().map(JoinHandle::join);
    }
}

/// What the registry's `GET /api/v1/skills/<slug>` says.
fn skill() -> Value {
    json!({
        "skill": { "slug": "comeback", "displayName": "Comeback", "summary": null, "tags": {}, "stats": {},
                   "createdAt": 0, "updatedAt": 0 },
        "latestVersion": { "version": VERSION, "createdAt": 0, "changelog": "" },
        "owner": { "handle": "somebody", "displayName": null, "image": null },
        "moderation": null,
    })
}

fn tools() -> PathBuf {
    let folder = env::var_os("COMEBACK_OPENCLAW_DIR").map_or_else(|| root().join(".openclaw"), PathBuf::from);
    assert!(folder.join("clawhub").exists(), "clawhub is not there: run scripts/fetch-openclaw.sh");
    folder
}

/// `clawhub …` in a home of its own.
fn clawhub(home: &Path, registry: &Registry, args: &[&str]) -> String {
    let tools = tools();
    let mut command = Command::new(tools.join("node/node_modules/node/bin/node"));
    command.arg(tools.join("clawhub/node_modules/clawhub/bin/clawdhub.js"));
    command.args(["--no-input", "--registry", &registry.url()]).args(args).env_clear().current_dir(home);
    command.envs([("HOME", home.to_str().unwrap()), ("NO_COLOR", "1"), ("CLAWHUB_DISABLE_TELEMETRY", "1")]);
    let output = command.env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    said(&output)
}

/// The archive that the registry makes of what is published: no run bits, no hidden file.
fn archive(bundle: &Path) -> Vec<u8> {
    const ZIP: &str = "import os, sys, zipfile
with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED) as archive:
    for folder, _, files in os.walk(sys.argv[1]):
        for name in files:
            path = os.path.join(folder, name)
            if not name.startswith('.'):
                archive.writestr(os.path.relpath(path, sys.argv[1]), open(path, 'rb').read())";
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new("python3").args(["-c", ZIP]).arg(bundle).arg(file.path()).output();
    let output = output.expect("python3 is needed");
    assert!(output.status.success(), "{}", said(&output));
    fs::read(file.path()).unwrap()
}

#[test]
fn the_bundle_can_be_published() {
    let sources = Sources::new();
    let output = sources.package("dash");
    assert!(output.status.success(), "{}", said(&output));
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::new(None);
    let bundle = sources.bundle();
    let args = ["skill", "publish", bundle.to_str().unwrap(), "--dry-run", "--json", "--owner", "somebody"];
    let text = clawhub(home.path(), &registry, &args);
    let report: Value =
        serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap_or_else(|_| panic!("{text}"));
    assert_eq!((&report["status"], &report["slug"]), (&"would-publish".into(), &"comeback".into()));
    // All that stands there, but for the hidden file that says what is not to be published.
    let files = tree(&bundle).into_iter().filter(|(_, content)| content != b"folder").count() - 1;
    assert_eq!(report["fileCount"], files);
    let asked = registry.asked.lock().unwrap();
    assert!(asked.iter().any(|url| url.starts_with("/api/v1/resolve?")), "{asked:?}");
}

#[test]
fn what_is_published_is_installed_and_installs_itself() {
    let sources = Sources::new();
    assert!(sources.package("dash").status.success());
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::new(Some(archive(&sources.bundle())));
    clawhub(home.path(), &registry, &["install", "comeback"]);
    let installed = home.path().join("skills/comeback");
    let content = |folder: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        tree(folder)
            .into_iter()
            .filter(|(name, _)| !name.starts_with(".clawhub") && !name.ends_with(".clawhubignore"))
            .collect()
    };
    assert_eq!(content(&installed), content(&sources.bundle()));
    let mut install = Command::new("sh");
    install
        .arg(installed.join("install.sh"))
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin");
    let output = install.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_to_string(home.path().join("calls")).unwrap(), "--version\nsetup install\n");
    assert!(home.path().join(".local/bin/comeback").is_file());
}
