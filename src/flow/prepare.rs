//! A planned restart: preflight, checkpoint, NOW.md, a way back that is read back, the notice, the restart.
//!
//! Nothing is announced before it stands: the notice goes out last, and only what has been written and read
//! back is reported. Where no durable way back exists, the checkpoint is taken away again and no restart is named.

use std::path::Path;
use std::time::Duration;
use std::{fs, thread};

use serde_json::{Value, json};

use super::call::ToolCall;
use super::context::Context;
use super::files::{self, Files};
use super::language;
use super::pending;
use super::preparation::{Mode, Prepared, Request, Restart};
use super::way_back::Wake;
use crate::dispatch::{Dispatcher, Sent};
use crate::gateway::tools::{self, Tools};
use crate::gateway::{Gateway, Scopes, boot};
use crate::ledger::{Event, Writer};
use crate::model::{Boot, IdempotencyKey, Language, Route, SessionKey};
use crate::notice::{Channel, Notice};
use crate::session::{self, Evidence};
use crate::support::error::{Error, Kind, Result};

/// How long a starting gateway is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// 2026.9.6 judges a configuration by a copy that may be half a second old (measured).
const CONFIG_SETTLES: Duration = Duration::from_secs(1);

/// Prepares a planned restart.
///
/// # Errors
/// [`Kind::Refused`] where no durable way back exists, the configuration would not start, or `restart` is not
/// allowed; [`Kind::Gateway`] where the gateway cannot be reached and the agent did not offer to make the calls.
pub fn prepare(context: &Context, request: &Request) -> Result<Prepared> {
    if !context.policy.enabled {
        return Err(Error::new(Kind::Refused, "the policy has switched comeback off (enabled: false)").hint(
            format!(
                "nothing would bring the work back: ask the operator to restart, or to set enabled in {} or {}",
                context.paths.policy().display(),
                context.paths.workspace_policy().display(),
            ),
        ));
    }
    check_workspace(context)?;
    check_session(context, &request.session_key)?;
    let mut gateway = match context.connect(Scopes::ADMIN, PATIENCE) {
        Ok(gateway) => gateway,
        Err(error) if request.mode == Mode::ToolCalls => {
            let unchecked = check_config_by_command(context)?;
            let warnings = [Some(error.full()), unchecked].into_iter().flatten().collect();
            return by_the_agent(context, request, None, warnings);
        }
        Err(error) => return Err(error.hint("add --tool-calls to make the calls yourself")),
    };
    check_state(context, &gateway)?;
    check_config(&mut gateway, &context.config.path)?;
    let caller = caller(&mut gateway, &request.session_key)?;
    if request.mode == Mode::ToolCalls {
        let warnings = gateway.warnings().to_vec();
        return by_the_agent(context, request, Some((&mut gateway, &caller)), warnings);
    }
    if request.mode == Mode::PrepareAndRestart {
        check_restart(context, &gateway)?;
    }
    by_the_gateway(context, request, &mut gateway, &caller)
}

/// Refuses a session of which nobody can tell whose it is: with one session an agent, the key of each is `global`, and a
/// gateway takes it for the default agent's.
fn check_session(context: &Context, key: &SessionKey) -> Result<()> {
    let config = &context.config;
    let is_anothers = key.agent().is_none_or(|agent| agent != config.default_agent);
    if !(config.agents_share_a_key() && is_anothers) {
        return Ok(());
    }
    let own = SessionKey::of_agent(&config.default_agent);
    let message = format!(
        "no way back: with session.scope \"global\" and several agents nobody can tell whose session {key} is"
    );
    Err(Error::new(Kind::Refused, message).hint(format!(
        "the agent {} names its session {own}; for any other, have the operator set session.scope to per-sender",
        config.default_agent
    )))
}

/// Refuses a workspace that the way back would not look into.
fn check_workspace(context: &Context) -> Result<()> {
    let usual = context.usual_workspace();
    if boot::is_same(&usual, &context.paths.workspace) {
        return Ok(());
    }
    let message = format!(
        "no way back: the recovery looks for the checkpoint in {}, and this run would write it to {}",
        usual.display(),
        context.paths.workspace.display(),
    );
    Err(Error::new(Kind::Refused, message)
        .hint("leave --workspace out, or have the operator set agents.defaults.workspace"))
}

/// Refuses a gateway that works on another state directory: its job would not find what this run writes.
fn check_state(context: &Context, gateway: &Gateway) -> Result<()> {
    let theirs = gateway.hello().and_then(|hello| hello.state_dir.as_ref());
    let Some(theirs) = theirs.filter(|theirs| !boot::is_same(theirs, &context.paths.state)) else {
        return Ok(());
    };
    let (ours, theirs) = (context.paths.state.display(), theirs.display());
    let message =
        format!("no way back: the gateway that answers runs on {theirs}, and this program on {ours}");
    Err(Error::new(Kind::Refused, message).hint(format!("set OPENCLAW_STATE_DIR={theirs}")))
}

/// Refuses a restart into a configuration that would not start again.
fn check_config(gateway: &mut Gateway, file: &Path) -> Result<()> {
    let changed = fs::metadata(file).and_then(|file| file.modified());
    let age = changed.ok().and_then(|at| at.elapsed().ok()).unwrap_or(CONFIG_SETTLES);
    thread::sleep(CONFIG_SETTLES.saturating_sub(age));
    let answer = gateway.call("config.get", &json!({}))?;
    if answer.get("valid").and_then(Value::as_bool) != Some(false) {
        return Ok(());
    }
    let issues = answer.get("issues").and_then(Value::as_array).into_iter().flatten();
    let issues: Vec<String> =
        issues.map(|issue| field(issue, "path") + ": " + &field(issue, "message")).collect();
    let message = format!("the configuration would not start: {}", issues.join("; "));
    Err(Error::new(Kind::Refused, message)
        .hint("mend it (`openclaw config validate` shows it), then prepare again"))
}

/// Does the same where the gateway cannot be asked; says so where nothing here can tell.
fn check_config_by_command(context: &Context) -> Result<Option<String>> {
    let openclaw = context.openclaw();
    if !openclaw.is_there() {
        let why = "nobody has checked that the configuration would start: there is no `openclaw` on the path";
        return Ok(Some(why.to_owned()));
    }
    match openclaw.run(&["config", "validate"]) {
        Ok(_) => Ok(None),
        Err(error) => {
            Err(Error::new(Kind::Refused, "the configuration would not start, or cannot be checked")
                .because(error)
                .hint("mend it, then prepare again"))
        }
    }
}

fn field(issue: &Value, name: &str) -> String {
    issue.get(name).and_then(Value::as_str).unwrap_or("?").to_owned()
}

fn caller(gateway: &mut Gateway, key: &SessionKey) -> Result<Evidence> {
    session::read(gateway, key)?.ok_or_else(|| {
        Error::new(Kind::User, format!("the gateway knows no session {key}"))
            .hint("the tool session_status names your session's key")
    })
}

/// Refuses `--restart` where the operator has a say in restarts.
fn check_restart(context: &Context, gateway: &Gateway) -> Result<()> {
    let refuse = |message: &str, hint: &str| Err(Error::new(Kind::Refused, message).hint(hint));
    if !context.policy.allow_restart {
        let hint = "make the restart call yourself, or ask the operator for allowRestart";
        return refuse("the policy does not allow comeback to restart the gateway", hint);
    }
    if !context.config.restart_allowed {
        return refuse(
            "the gateway's configuration forbids restarts (commands.restart)",
            "ask the operator to restart it",
        );
    }
    if tools::asks_operator(gateway, &context.paths.state) {
        return refuse(
            "this gateway asks its operator about restarts",
            "leave --restart out and make the restart call that prepare names",
        );
    }
    Ok(())
}

/// Does everything over the gateway.
fn by_the_gateway(
    context: &Context,
    request: &Request,
    gateway: &mut Gateway,
    caller: &Evidence,
) -> Result<Prepared> {
    let boot = gateway.boot().clone();
    let tools = tools::of(gateway, &request.session_key)?;
    let mut prepared =
        Prepared { warnings: gateway.warnings().to_vec(), ..draft(context, request, Some(&boot), tools) };
    prepared.warnings.extend_from_slice(context.templates.warnings());
    if request.dry_run {
        return Ok(prepared);
    }
    let mut ledger = context.ledger(PATIENCE)?;
    pending::check_nothing_is_due(context, ledger.ledger(), Some(&boot))?;
    let files = save(context, request, &mut prepared, &mut ledger, Some(caller))?;
    context.step(format_args!("wrote {}", prepared.path.display()));
    let at = context.clock.now() + request.delay;
    let language = language::of_request(Some(caller), request);
    match Wake::new(context, &request.session_key, caller.route(), at, language).arm(gateway) {
        Ok(job) => prepared.job = Some(job),
        Err(error) if prepared.hook => prepared
            .warnings
            .push(format!("no recovery job, the startup hook is the only way back: {}", error.full())),
        Err(error) => return Err(files.take_back(context, no_way_back(error))),
    }
    prepared.warnings.extend(files.supersede(context));
    if let Some(route) = caller.route() {
        prepared.notified = Some(notify(context, request, &prepared, &mut ledger, route, &boot, language));
    }
    if request.mode == Mode::PrepareAndRestart {
        let params = json!({ "reason": request.reason, "sessionKey": request.session_key });
        gateway.call("gateway.restart.request", &params)?;
        prepared.restart = Restart::Requested;
    }
    Ok(prepared)
}

fn no_way_back(error: Error) -> Error {
    Error::new(Kind::Refused, "no way back: the recovery job cannot be scheduled")
        .because(error)
        .hint("do not restart; `comeback setup install --hook` makes a way back without the job")
}

/// Writes the files and the ledger's record of them; all of it or nothing.
fn save(
    context: &Context,
    request: &Request,
    prepared: &mut Prepared,
    ledger: &mut Writer,
    caller: Option<&Evidence>,
) -> Result<Files> {
    let last_entry = caller.and_then(Evidence::last_entry_id);
    let files = Files::write(
        context,
        request,
        ledger.ledger(),
        &prepared.checkpoint,
        prepared.boot.as_ref(),
        last_entry,
    )?;
    prepared.path.clone_from(&files.checkpoint);
    let record = Event::Prepared {
        checkpoint: prepared.checkpoint.clone(),
        session_key: request.session_key.clone(),
        route: caller.and_then(|caller| caller.route().cloned()),
        boot: prepared.boot.clone(),
    };
    match ledger.append(context.clock.now(), record) {
        Ok(()) => Ok(files),
        Err(error) => Err(files.take_back(context, error)),
    }
}

/// Tells the user; a notice that cannot be sent is no reason not to restart.
fn notify(
    context: &Context,
    request: &Request,
    prepared: &Prepared,
    ledger: &mut Writer,
    route: &Route,
    boot: &Boot,
    language: Language,
) -> bool {
    let mut send = || -> Result<Sent> {
        let mut talk = context.connect(Scopes::TALK, PATIENCE)?;
        let key = IdempotencyKey::of(&["before", &prepared.checkpoint]);
        let text = before(context, request, route, language);
        Dispatcher::new(&mut talk, ledger, boot, context.clock).notify(
            &key,
            &request.session_key,
            route,
            &text,
        )
    };
    matches!(send(), Ok(Sent::Accepted(_) | Sent::Already))
}

fn before(context: &Context, request: &Request, route: &Route, language: Language) -> String {
    let notice = Notice::Before { reason: Some(&request.reason) };
    context.templates.notice(&notice, language, Channel::of(&route.channel))
}

/// Writes the files and names the calls that the agent makes itself.
fn by_the_agent(
    context: &Context,
    request: &Request,
    gateway: Option<(&mut Gateway, &Evidence)>,
    warnings: Vec<String>,
) -> Result<Prepared> {
    let (boot, tools, caller) = match gateway {
        Some((gateway, caller)) => {
            (Some(gateway.boot().clone()), tools::of(gateway, &request.session_key)?, Some(caller))
        }
        None => (context.running_boot(), Tools::usual(tools::has_sqlite_store(&context.paths.state)), None),
    };
    let route = caller.and_then(|caller| caller.route());
    let mut prepared = Prepared { warnings, ..draft(context, request, boot.as_ref(), tools) };
    prepared.warnings.extend_from_slice(context.templates.warnings());
    let at = context.clock.now() + request.delay;
    let language = language::of_request(caller, request);
    let wake = Wake::new(context, &request.session_key, route, at, language);
    prepared.calls.extend(tools.schedule.map(|tool| ToolCall::schedule(tool, &wake.spec())));
    if prepared.calls.is_empty() && !prepared.hook {
        return Err(Error::new(Kind::Refused, "no way back: the agent has no tool to schedule with")
            .hint("do not restart; `comeback setup install --hook` makes a way back without a job"));
    }
    let told = route.filter(|_| tools.message);
    let message = |route| ToolCall::message(route, &before(context, request, route, language));
    prepared.calls.extend(told.map(message));
    if request.dry_run {
        return Ok(prepared);
    }
    let mut ledger = context.ledger(PATIENCE)?;
    pending::check_nothing_is_due(context, ledger.ledger(), boot.as_ref())?;
    let files = save(context, request, &mut prepared, &mut ledger, caller)?;
    prepared.warnings.extend(files.supersede(context));
    Ok(prepared)
}

/// What will be true once everything stands; with `dry_run` it stays at that.
fn draft(context: &Context, request: &Request, boot: Option<&Boot>, tools: Tools) -> Prepared {
    let call = tools.restart.map(|tool| ToolCall::restart(tool, &request.reason));
    Prepared {
        checkpoint: files::id(context),
        path: context.paths.checkpoints(),
        boot: boot.cloned(),
        job: None,
        hook: request.hook,
        notified: None,
        calls: Vec::new(),
        restart: call.map_or(Restart::Operator, Restart::Call),
        warnings: Vec::new(),
    }
}
