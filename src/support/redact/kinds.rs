//! What secrets look like, after what their issuers document.

use std::sync::OnceLock;

use regex::Regex;

/// A kind of secret.
pub(super) struct Kind {
    /// What a text holds that holds one, in small letters: looking for it takes far less than the pattern does.
    pub anchors: &'static [&'static str],
    /// What it looks like. Where a pattern has groups, what the one that took part has found stays.
    pub pattern: &'static str,
    /// Whether words behind the group may be a sentence's, and no value.
    pub in_words: bool,
    pub compiled: OnceLock<Regex>,
}

const fn form(anchors: &'static [&'static str], pattern: &'static str) -> Kind {
    Kind { anchors, pattern, in_words: false, compiled: OnceLock::new() }
}

const fn named(anchors: &'static [&'static str], pattern: &'static str) -> Kind {
    Kind { anchors, pattern, in_words: true, compiled: OnceLock::new() }
}

/// The least that a secret with a form of its own has of letters, digits, `_` and `-` in a row.
pub(super) const RUN: usize = 10;

/// Secrets that show what they are by themselves, by a prefix or a form that nothing else has.
///
/// A prefix that other words may contain (`task-…` holds `sk-`) begins where no letter, digit or `_` stands before it, or
/// behind the escape of a line's end.
pub(super) static FORMS: [Kind; 72] = [
    // Private keys.
    form(
        &["private key"],
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    form(&["age-secret-key-1"], r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    form(&["eyj"], r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    // Models and what agents search with.
    form(&["sk-"], r"\bsk-[A-Za-z0-9_-]{20,}"), // OpenAI, Anthropic, OpenRouter, DeepSeek
    form(&["sk_"], r"\bsk_[0-9a-f]{40,}"),
    form(&["hf_"], r"\bhf_[A-Za-z0-9]{30,}"),
    form(&["r8_"], r"\br8_[A-Za-z0-9]{37,}"),
    form(&["gsk_"], r"\bgsk_[A-Za-z0-9]{40,}"),
    form(&["xai-"], r"\bxai-[A-Za-z0-9]{40,}"),
    form(&["pplx-"], r"\bpplx-[A-Za-z0-9]{40,}"),
    form(&["lsv2_"], r"\blsv2_(?:pt|sk)_[A-Za-z0-9_]{32,}"),
    form(&["tvly-"], r"\btvly-[A-Za-z0-9-]{20,}"),
    form(&["bsa"], r"\bBSA[A-Za-z0-9_-]{24,}"),
    form(&["."], r"\b[0-9a-f]{32}\.[A-Za-z0-9]{16}\b"),
    // Code, packages, continuous integration.
    form(
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}",
    ),
    form(
        &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-", "glagent-", "gloas-"],
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-[A-Za-z0-9_.-]{20,}",
    ),
    form(&["atatt3", "atctt3", "atbb"], r"AT[AC]TT3[A-Za-z0-9_=-]{60,}|ATBB[A-Za-z0-9]{32,}"),
    form(&["npm_"], r"npm_[A-Za-z0-9]{36}"),
    form(&["pypi-"], r"pypi-[A-Za-z0-9_-]{50,}"),
    form(&["cio"], r"\bcio[A-Za-z0-9]{32}\b"),
    form(&["rubygems_"], r"rubygems_[0-9a-f]{48}"),
    form(&["dckr_"], r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    form(&["ccipat_"], r"CCIPAT_[A-Za-z0-9_]{30,}"),
    form(&["squ_", "sqp_", "sqa_"], r"\bsq[pua]_[0-9a-f]{40}"),
    form(&["pmak-"], r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    // Chats and mail.
    form(&["xox", "xapp-"], r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{20,}"),
    form(&["hooks.slack.com/"], r"(hooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_-]{20,}"),
    form(&[":"], r"\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b"),
    form(&["."], r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}"),
    form(&["/api/webhooks/"], r"(/api/webhooks/[0-9]{15,21}/)[A-Za-z0-9_-]{50,}"),
    form(&["/bot/v2/hook/"], r"(/open-apis/bot/v2/hook/)[A-Za-z0-9-]{20,}"),
    form(&["/webhook/send?key="], r"(/cgi-bin/webhook/send\?key=)[A-Za-z0-9-]{20,}"),
    form(&["/webhookb2/"], r"(/webhookb2/)[A-Za-z0-9@/-]{40,}"),
    form(&["sg."], r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    form(&["key-"], r"(^|[^A-Za-z0-9_-]|\\[nrt])key-[0-9a-f]{32}\b"),
    form(&["-us"], r"\b[0-9a-f]{32}-us[0-9]{1,2}\b"),
    form(&["sk"], r"\bSK[0-9a-f]{32}\b"),
    // Clouds and machines.
    form(&["akia", "asia"], r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    form(&["aiza"], r"AIza[A-Za-z0-9_-]{35}"),
    form(&["gocspx-"], r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    form(&["ya29."], r"\bya29\.[A-Za-z0-9_-]{20,}"),
    form(&["1//0"], r"\b1//0[A-Za-z0-9_-]{40,}"),
    form(&["q~"], r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
    form(&["ltai"], r"\bLTAI[A-Za-z0-9]{12,26}\b"),
    form(&["akid"], r"\bAKID[A-Za-z0-9]{28,40}\b"),
    form(&["_v1_"], r"do[oprt]_v1_[0-9a-f]{64}"),
    form(&["hrku-"], r"HRKU-[A-Za-z0-9_-]{30,}"),
    form(&["fo1_", "fm1", "fm2"], r"\bf(?:o1|m[12][ar]?)_[A-Za-z0-9+/=_-]{40,}"),
    form(&["nfp_"], r"\bnfp_[A-Za-z0-9]{36,}"),
    form(&["hvs.", "hvb.", "hvr."], r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}"),
    form(&[".atlasv1."], r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}"),
    form(&["pul-"], r"\bpul-[0-9a-f]{40}"),
    form(&["dp."], r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}"),
    form(&["tskey-"], r"tskey-[a-z]+-[A-Za-z0-9-]{20,}"),
    // Data, money, work.
    form(&["dapi"], r"\bdapi[0-9a-f]{32}"),
    form(&["pscale_"], r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{30,}"),
    form(&["sbp_", "sb_secret_"], r"sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,}"),
    form(&["glsa_"], r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    form(&["glc_"], r"\bglc_[A-Za-z0-9+/=]{32,}"),
    form(&["sntrys_", "sntryu_"], r"sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    form(&["nrak-"], r"NRAK-[A-Z0-9]{27}"),
    form(
        &["_live_", "_test_", "whsec_"],
        r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}",
    ),
    form(&["sq0"], r"\bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,}"),
    form(&["shpat_", "shpca_", "shppa_", "shpss_"], r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    form(&["eaa"], r"\bEAA[A-Za-z0-9]{80,}"),
    form(&["sl."], r"\bsl\.[A-Za-z0-9_-]{60,}"),
    form(&["lin_"], r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{32,}"),
    form(&["ntn_"], r"\bntn_[A-Za-z0-9]{40,}"),
    form(&["secret_"], r"\bsecret_[A-Za-z0-9]{43}\b"),
    form(&["pat"], r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    form(&["figd_"], r"figd_[A-Za-z0-9_-]{30,}"),
    form(&["sk.eyj"], r"\bsk\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{16,}"),
];

/// The forms of a value behind a name: between quotation marks, which a text within JSON has escaped, or up to a space or
/// a word of Chinese. Anything else of a pattern is the name.
macro_rules! value {
    ($name:literal) => {
        concat!(
            "(",
            $name,
            r#"")(?:[^"\\\r\n]|\\.){6,}|("#,
            $name,
            r#"')(?:[^'\\\r\n]|\\.){6,}|("#,
            $name,
            r#"\\+["'])(?:[^"'\\\r\n]|\\[^"'\\\r\n]|\\\\\\["']){6,}|("#,
            $name,
            r#")[^\s"'\\,;&`\p{Han}\x{3000}-\x{303f}\x{ff00}-\x{ffef}]{6,}"#
        )
    };
}

/// Values that are secret because of what stands in front of them; that stays.
pub(super) static NAMED: [Kind; 9] = [
    named(
        &[
            "key",
            "secret",
            "passw",
            "passphrase",
            "pwd",
            "token",
            "credential",
            "密码",
            "口令",
            "密钥",
            "令牌",
            "私钥",
            "凭证",
            "授权码",
        ],
        value!(
            r#"(?:(?i-u:api[_-]?key|(?:access|account|secret|private|signing|encryption|master|auth|license)[_-]?key|secret|passw(?:or)?d|passphrase|pwd|token|credentials?)|密码|口令|密钥|令牌|私钥|凭证|授权码)\\*["']?[ \t]*[:=：＝][ \t]*"#
        ),
    ),
    named(
        &["--", "sshpass"],
        value!(r"(?:--[a-z-]{0,30}(?i-u:password|passphrase|token|secret|api-?key)|sshpass -p) "),
    ),
    named(&["curl "], r#"(curl [^\n|;]{0,400}?(?:-u|--user)[ =]["']?[^\s:"']{1,80}:)[^\s"']{4,}"#),
    named(&["login"], r"((?i-u:login)\s+\S{1,200}\s+(?i-u:password)\s+)\S{4,}"),
    named(
        &["bearer", "authorization"],
        r#"((?i-u:bearer|authorization\\*["']?[ \t]*[:=][ \t]*\\*["']?(?:basic|digest|token|apikey|negotiate))[ \t]+)[A-Za-z0-9._~+/=-]{6,}"#,
    ),
    named(&["cookie"], r#"((?i-u:cookie)[ \t]*:[ \t]*)[A-Za-z0-9_.-]{1,80}=[^\r\n"']{6,}"#),
    named(
        &["sig"],
        r"([?&](?i-u:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature)=)[A-Za-z0-9%+/_=-]{16,}",
    ),
    named(&["://"], r#"(://[^\s/:@"'<>]{0,200}:)[^\s/?#"'<>]+@|(://)[A-Za-z0-9_-]{20,}@"#),
    named(
        &["password", "passphrase", "passcode", "pin", "token", "secret", "密码", "口令", "密钥", "令牌"],
        r"(\b(?i-u:password|passphrase|passcode|pin|token|secret) (?i-u:is|was) |(?:密码|口令|密钥|令牌)(?:是|为)\s*)[!-~]{6,}",
    ),
];
