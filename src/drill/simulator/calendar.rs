//! The methods about jobs.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::methods::{invalid, page};
use super::server::Answer;
use super::world::{Life, Setup, World};

/// Takes a one-shot job.
pub(super) fn add(world: &mut World, params: &Value) -> Answer {
    for field in ["name", "schedule", "sessionTarget", "wakeMode", "payload"] {
        if params[field].is_null() {
            return Err(invalid(format!("invalid cron.add params: must have required property '{field}'")));
        }
    }
    let at: DateTime<Utc> = match params["schedule"]["at"].as_str().map(str::parse) {
        Some(Ok(at)) => at,
        _ => return Err(invalid("schedule.at is not a time; this simulator takes one-shot jobs only")),
    };
    let now = world.now();
    if at < now {
        return Err(invalid(format!("schedule.at is in the past: {}", params["schedule"]["at"])));
    }
    let mut job = params.clone();
    job["id"] = json!(world.uuid());
    job["enabled"] = json!(params["enabled"] != false);
    job["createdAtMs"] = json!(now.timestamp_millis());
    job["updatedAtMs"] = job["createdAtMs"].clone();
    job["state"] = json!({"nextRunAtMs": at.timestamp_millis()});
    world.jobs.push(job.clone());
    Ok(job)
}

/// Lists the jobs.
pub(super) fn list(world: &World, params: &Value) -> Value {
    let wanted = |job: &&Value| params["includeDisabled"] == true || job["enabled"] == true;
    let jobs: Vec<&Value> = world.jobs.iter().filter(wanted).collect();
    let ((offset, limit), total) = (page(params), jobs.len());
    let jobs: Vec<&Value> = jobs.into_iter().skip(offset).take(limit).collect();
    let end = offset + jobs.len();
    json!({"jobs": jobs, "total": total, "offset": offset, "limit": limit, "hasMore": end < total,
        "nextOffset": (end < total).then_some(end)})
}

/// Tells of one job.
pub(super) fn get(setup: &Setup, world: &World, params: &Value) -> Answer {
    let job = world.jobs.iter().find(|job| job["id"] == params["id"]).cloned();
    job.ok_or_else(|| {
        not_found(setup, format!("cron job not found: {}", params["id"].as_str().unwrap_or_default()))
    })
}

/// Removes a job. One that runs takes its turn with it from 2026.9 on.
pub(super) fn remove(life: &Life, world: &mut World, params: &Value) -> Answer {
    let Some(at) = world.jobs.iter().position(|job| job["id"] == params["id"]) else {
        return Err(not_found(life.setup(), "invalid cron.remove params: id not found".to_owned()));
    };
    let job = world.jobs.remove(at);
    if life.setup().flavour.is_of_the_second_era() {
        world.cancelled.extend(job["state"]["runId"].as_str().map(str::to_owned));
        life.shared.tell();
    }
    Ok(json!({"ok": true, "removed": true}))
}

fn not_found(setup: &Setup, message: String) -> Value {
    let mut error = invalid(message);
    if setup.flavour.is_of_the_second_era() {
        error["details"] = json!({"code": "CRON_JOB_NOT_FOUND"});
    }
    error
}
