//! The way in: challenge, signature, token, pairing, hello.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::methods::METHODS;
use super::server::{Answer, Wire};
use super::world::{Life, World};

/// The scope without which nothing is changed.
const ADMIN: &str = "operator.admin";
/// How long a gateway that starts asks its callers to wait.
const RETRY_MS: u32 = 500;

/// Who has been let in.
pub(super) struct Caller {
    scopes: Vec<String>,
}

impl Caller {
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }
}

/// Lets a caller in; `None` where it was refused, or has gone.
pub(super) fn open(life: &Life, wire: &mut Wire) -> Option<Caller> {
    let (nonce, at) = {
        let mut world = life.enter()?;
        (world.uuid(), world.now().timestamp_millis())
    };
    wire.send(
        &json!({"type": "event", "event": "connect.challenge", "payload": {"nonce": nonce, "ts": at}}),
    )?;
    let request = wire.request().filter(|request| request["method"] == "connect")?;
    let params = &request["params"];
    let scopes: Vec<String> =
        params["scopes"].as_array()?.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect();
    let answer = admit(life, params, &scopes, &nonce, at)?;
    let is_in = answer.is_ok();
    wire.answer(&request["id"], answer)?;
    is_in.then_some(Caller { scopes })
}

fn admit(life: &Life, params: &Value, scopes: &[String], nonce: &str, at: i64) -> Option<Answer> {
    let mut world = life.enter()?;
    if world.is_starting() {
        return Some(Err(json!({"code": "UNAVAILABLE", "message": "gateway starting", "retryable": true,
            "retryAfterMs": RETRY_MS, "details": {"reason": "startup-sidecars"}})));
    }
    if world.is_shut {
        return Some(refusal("nobody is let in", "SHUT"));
    }
    if params["auth"]["token"] != life.setup().token.as_str() {
        return Some(refusal(
            "unauthorized: gateway token mismatch (provide gateway auth token)",
            "AUTH_TOKEN_MISMATCH",
        ));
    }
    if !is_signed(params, scopes, nonce, at) {
        return Some(refusal("device signature invalid", "DEVICE_AUTH_SIGNATURE_INVALID"));
    }
    let device = params["device"]["id"].as_str().unwrap_or_default().to_owned();
    let known = world.paired.get(&device).cloned();
    let is_more = |known: &Vec<String>| scopes.iter().any(|scope| !known.contains(scope));
    match known {
        Some(known) if is_more(&known) && !life.setup().flavour.is_of_the_second_era() => {
            let details =
                json!({"code": "PAIRING_REQUIRED", "reason": "scope-upgrade", "requestId": world.uuid()});
            return Some(Err(
                json!({"code": "NOT_PAIRED", "message": "pairing required: device is asking for more scopes than currently approved", "details": details}),
            ));
        }
        Some(known) if !is_more(&known) => {}
        _ => {
            world.paired.insert(device, scopes.to_vec());
        }
    }
    let is_admin = scopes.iter().any(|scope| scope == ADMIN);
    Some(Ok(hello(life, &mut world, is_admin)))
}

fn refusal(message: &str, code: &str) -> Answer {
    Err(json!({"code": "INVALID_REQUEST", "message": message, "details": {"code": code}}))
}

fn hello(life: &Life, world: &mut World, is_admin: bool) -> Value {
    let setup = life.setup();
    let uptime = (world.now() - world.process_started_at).num_milliseconds();
    let mut hello = json!({
        "type": "hello-ok", "protocol": 4,
        "server": {"version": setup.flavour.version(), "connId": world.uuid()},
        "features": {"methods": METHODS.map(|(method, _)| method), "events": []},
        "snapshot": {"uptimeMs": uptime, "sessionDefaults":
            {"defaultAgentId": "main", "mainKey": "main", "mainSessionKey": "agent:main:main"}},
    });
    if setup.flavour.is_of_the_second_era() {
        hello["server"]["bootId"] = json!(world.boot_id);
        hello["features"]["methods"]
            .as_array_mut()
            .into_iter()
            .for_each(|all| all.push(json!("openclaw.chat")));
    }
    if is_admin {
        hello["snapshot"]["stateDir"] = json!(setup.state);
        hello["snapshot"]["configPath"] = json!(setup.state.join("openclaw.json"));
    }
    hello
}

/// Checks that the device has the key that its id is made of, and has signed this very challenge.
fn is_signed(params: &Value, scopes: &[String], nonce: &str, at: i64) -> bool {
    let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let bytes = |pointer: &str| URL_SAFE_NO_PAD.decode(text(pointer)).unwrap_or_default();
    let public = bytes("/device/publicKey");
    let mut id = String::new();
    for byte in Sha256::digest(&public) {
        let _infallible = write!(id, "{byte:02x}");
    }
    let statement = format!(
        "v3|{id}|{}|{}|{}|{}|{at}|{}|{nonce}|{}|",
        text("/client/id"),
        text("/client/mode"),
        text("/role"),
        scopes.join(","),
        text("/auth/token"),
        text("/client/platform"),
    );
    let key = <[u8; 32]>::try_from(public).ok().and_then(|key| VerifyingKey::from_bytes(&key).ok());
    let signature = Signature::from_slice(&bytes("/device/signature")).ok();
    let is_this_one = text("/device/id") == id && text("/device/nonce") == nonce;
    let holds =
        |(key, signature): (VerifyingKey, Signature)| key.verify(statement.as_bytes(), &signature).is_ok();
    is_this_one && params["device"]["signedAt"] == at && key.zip(signature).is_some_and(holds)
}
