//! Files as operators write them, and what they resolve to.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A state directory with a configuration, read with variables of its own.
struct Rig(tempfile::TempDir);

impl Rig {
    fn new(config: &str) -> Self {
        let rig = Self(tempfile::tempdir().unwrap());
        rig.put("openclaw.json", config);
        rig
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Config> {
        let find =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::load(self.0.path(), &find)
    }

    fn auth(&self, variables: &[(&str, &str)]) -> Credential {
        self.load(variables).unwrap().auth
    }
}

fn token(text: &str) -> Credential {
    Credential::Token(Secret::of(text))
}

fn agent(id: &str) -> AgentId {
    id.parse().unwrap()
}

#[test]
fn a_missing_file_means_defaults() {
    let rig = Rig(tempfile::tempdir().unwrap());
    let config = rig.load(&[("OPENCLAW_GATEWAY_TOKEN", "t")]).unwrap();
    assert_eq!(config.path, rig.0.path().join("openclaw.json"));
    assert_eq!((config.port, config.workspace.clone()), (18789, None));
    assert_eq!((config.agents, config.default_agent), (vec![agent("main")], agent("main")));
    assert_eq!(config.auth, token("t"));
    assert!(config.restart_allowed && !config.remote);
}

#[test]
fn a_file_cut_off_at_any_byte_or_zeroed_is_named() {
    let whole = "// 网关\n{gateway: {port: 19001, auth: {token: 'a \\'}\\''}}, agents: {entries: {main: {name: '猫'}}},}\n";
    let rig = Rig::new(whole);
    let end_of_it = whole.rfind('}').unwrap();
    for end in 0..=whole.len() {
        for zeros in [0, 512] {
            let left = [&whole.as_bytes()[..end], &vec![0; zeros]].concat();
            std::fs::write(rig.0.path().join("openclaw.json"), left).unwrap();
            match rig.load(&[]) {
                Ok(config) => {
                    assert!(end > end_of_it && zeros == 0, "cut off at {end}, {zeros} zeros");
                    assert_eq!(config.port, 19001);
                }
                Err(error) => assert!(error.to_string().contains("openclaw.json"), "{end}: {error}"),
            }
        }
    }
}

#[test]
fn json5_is_read_and_an_error_names_its_place() {
    let rig = Rig::new(
        "{ // comment\n  gateway: { port: 19001, mode: 'remote', },\n  commands: {restart: false} }",
    );
    let config = rig.load(&[]).unwrap();
    assert_eq!(config.port, 19001);
    assert!(config.remote && !config.restart_allowed);
    let error = Rig::new("{\n  gateway: {\n  port 1\n} }").load(&[]).unwrap_err();
    assert_eq!(error.kind(), Kind::User);
    assert!(error.to_string().contains("openclaw.json, line 3, column"), "{error}");
}

#[test]
fn the_environment_names_the_file_and_the_port() {
    let rig = Rig::new("{gateway: {port: 1}}");
    rig.put("other.json", "{gateway: {port: 2}}");
    let other = rig.0.path().join("other.json").display().to_string();
    assert_eq!(rig.load(&[("OPENCLAW_CONFIG_PATH", &other)]).unwrap().port, 2);
    assert_eq!(rig.load(&[("OPENCLAW_GATEWAY_PORT", "3")]).unwrap().port, 3);
    assert_eq!(rig.load(&[("OPENCLAW_GATEWAY_PORT", "nonsense")]).unwrap().port, 1);
}

#[test]
fn plain_credentials_come_from_the_file_then_from_the_environment() {
    let variables: &[_] =
        &[("OPENCLAW_GATEWAY_TOKEN", "env-token"), ("OPENCLAW_GATEWAY_PASSWORD", "env-password")];
    for (config, expected) in [
        (r#"{gateway: {auth: {mode: "token", token: "file"}}}"#, token("file")),
        (r#"{gateway: {auth: {mode: "token"}}}"#, token("env-token")),
        (r#"{gateway: {auth: {mode: "token", token: " "}}}"#, token("env-token")),
        (r#"{gateway: {auth: {mode: "password"}}}"#, Credential::Password(Secret::of("env-password"))),
        (
            r#"{gateway: {auth: {mode: "trusted-proxy", password: "p"}}}"#,
            Credential::Password(Secret::of("p")),
        ),
        (r#"{gateway: {auth: {password: "p", token: "t"}}}"#, Credential::Password(Secret::of("p"))),
        (r#"{gateway: {auth: {mode: "none", token: "t"}}}"#, Credential::None),
    ] {
        assert_eq!(Rig::new(config).auth(variables), expected, "{config}");
    }
    assert_eq!(Rig::new(r#"{gateway: {auth: {token: "t"}}}"#).auth(&[]), token("t"));
}

#[test]
fn variables_and_references_are_resolved() {
    let variables: &[_] = &[("MY_TOKEN", "from-env"), ("EMPTY", " ")];
    for (field, expected) in [
        (r#""${MY_TOKEN}""#, token("from-env")),
        (r#""$MY_TOKEN""#, token("from-env")),
        (r#""a-${MY_TOKEN}-$${MY_TOKEN}""#, token("a-from-env-${MY_TOKEN}")),
        (r#""$lower""#, token("$lower")),
        (r#"{source: "env", provider: "default", id: "MY_TOKEN"}"#, token("from-env")),
        (r#""${FROM_BLOCK}""#, token("block")),
        (r#""${FROM_DOTENV}""#, token("dot env")),
    ] {
        let rig = Rig::new(&format!(
            "{{env: {{vars: {{FROM_BLOCK: 'block', MY_TOKEN: 'x'}}}}, gateway: {{auth: {{token: {field}}}}}}}"
        ));
        rig.put(".env", "# FROM_DOTENV=no\nexport FROM_DOTENV=\"dot env\" # yes\nMY_TOKEN=y\n");
        assert_eq!(rig.auth(variables), expected, "{field}");
    }
}

#[test]
fn what_cannot_be_resolved_says_why_and_never_shows_a_secret() {
    for (config, word) in [
        (r#"{gateway: {auth: {token: "${EMPTY}"}}}"#, "EMPTY"),
        (r#"{gateway: {auth: {token: {source: "env", provider: "default", id: "NONE"}}}}"#, "NONE"),
        (r#"{gateway: {auth: {token: {source: "exec", provider: "vault", id: "x"}}}}"#, "exec"),
        (r#"{gateway: {auth: {token: {source: "store", provider: "default", id: "X"}}}}"#, "store"),
        (r#"{gateway: {tls: {enabled: true}, auth: {token: "hunter2"}}}"#, "tls"),
        (r#"{gateway: {auth: {mode: "token"}}}"#, "neither"),
    ] {
        let auth = Rig::new(config).auth(&[("EMPTY", "")]);
        assert!(matches!(&auth, Credential::Unresolvable(reason) if reason.contains(word)), "{auth:?}");
    }
    let reference = r#"{gateway: {auth: {token: {source: "exec", provider: "vault", id: "x"}}}}"#;
    assert_eq!(Rig::new(reference).auth(&[("OPENCLAW_GATEWAY_TOKEN", "t")]), token("t"));
    let config = Rig::new(r#"{gateway: {auth: {token: "hunter2"}}}"#).load(&[]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_secret_file_is_read_when_it_is_private() {
    let config = |mode: &str, id: &str, path: &Path| {
        format!(
            "{{secrets: {{providers: {{f: {{source: 'file', path: '{}', mode: '{mode}'}}}}}}, \
             gateway: {{auth: {{token: {{source: 'file', provider: 'f', id: '{id}'}}}}}}}}",
            path.display()
        )
    };
    let rig = Rig::new("{}");
    let path = rig.0.path().join("secrets.json");
    rig.put("secrets.json", r#"{"a/b": {"c": "deep"}}"#);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    rig.put("openclaw.json", &config("json", "/a~1b/c", &path));
    assert_eq!(rig.auth(&[]), token("deep"));
    rig.put("secrets.json", "whole\n");
    rig.put("openclaw.json", &config("singleValue", "value", &path));
    assert_eq!(rig.auth(&[]), token("whole"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(rig.auth(&[]), Credential::Unresolvable(reason) if reason.contains("private")));
}

#[test]
fn the_default_agent_has_the_workspace() {
    for (config, default, workspace) in [
        ("{agents: {defaults: {workspace: '/w'}}}", "main", Some("/w")),
        (
            "{agents: {defaults: {workspace: '/w'}, list: [{id: 'A'}, {id: 'b', default: true}]}}",
            "b",
            Some("/w"),
        ),
        ("{agents: {list: [{id: 'A', workspace: '/a'}, {id: 'b'}]}}", "a", Some("/a")),
        ("{agents: {entries: {solo: {}}, defaults: {workspace: '/w'}}}", "solo", Some("/w")),
        ("{agents: {entries: {a: {}, main: {}}, defaults: {workspace: '/w'}}}", "main", Some("/w/main")),
        ("{agents: {entries: {work: {workspace: '${BASE}/x'}}}}", "work", Some("/base/x")),
        ("{}", "main", None),
    ] {
        let loaded = Rig::new(config).load(&[("BASE", "/base")]).unwrap();
        assert_eq!(loaded.default_agent, agent(default), "{config}");
        assert_eq!(loaded.workspace.as_deref(), workspace.map(Path::new), "{config}");
    }
    let error = Rig::new("{agents: {defaults: {workspace: '${NONE}'}}}").load(&[]).unwrap_err();
    assert!(error.to_string().contains("agents.defaults.workspace uses ${NONE}"), "{error}");
    let home = Rig::new("{agents: {defaults: {workspace: '~/w'}}}").load(&[]).unwrap().workspace.unwrap();
    assert!(home.is_absolute(), "{}", home.display());
}

#[test]
fn includes_are_merged_and_stay_inside() {
    let rig = Rig::new(
        "{gateway: {$include: ['./a.json5', 'b.json5'], port: 5}, agents: {$include: 'agents.json5'}}",
    );
    rig.put("a.json5", "{port: 1, auth: {token: 'a', mode: 'token'}}");
    rig.put("b.json5", "{auth: {token: 'b'}}");
    rig.put("agents.json5", "{list: [{id: 'x'}]}");
    let config = rig.load(&[]).unwrap();
    assert_eq!((config.port, config.auth), (5, token("b")));
    assert_eq!(config.agents, [agent("x")]);

    rig.put("a.json5", "{$include: 'a.json5'}");
    assert!(rig.load(&[]).unwrap_err().to_string().contains("includes itself"));
    rig.put("a.json5", "{");
    assert!(rig.load(&[]).unwrap_err().to_string().contains("a.json5, line 1"));

    let outside = Rig::new("{gateway: {port: 7}}");
    let away = outside.0.path().join("openclaw.json");
    rig.put("openclaw.json", &format!("{{$include: '{}'}}", away.display()));
    assert!(rig.load(&[]).unwrap_err().to_string().contains("leaves the configuration's folder"));
    let roots = outside.0.path().display().to_string();
    assert_eq!(rig.load(&[("OPENCLAW_INCLUDE_ROOTS", &roots)]).unwrap().port, 7);
}

#[test]
fn agents_act_on_each_other_as_the_setting_says() {
    let permits = |setting: &str, from: &str, to: &str, open: bool| {
        let config = Rig::new(&format!("{{tools: {{agentToAgent: {setting}}}}}")).load(&[]).unwrap();
        config.agent_to_agent.permits(&agent(from), &agent(to), open)
    };
    assert!(permits("{}", "a", "a", false));
    assert!(!permits("{}", "a", "b", false));
    assert!(permits("{}", "a", "b", true));
    assert!(!permits("{enabled: false}", "a", "b", true));
    assert!(permits("{enabled: true, allow: ['a', 'B*']}", "a", "b2", false));
    assert!(!permits("{enabled: true, allow: ['a']}", "a", "b", false));
    assert!(!permits("{enabled: true, allow: ['  ']}", "a", "b", false));
    assert!(permits("{enabled: true, allow: ['*']}", "a", "b", false));
}
