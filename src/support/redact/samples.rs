//! A made-up secret of every kind, put together when a test runs: no scanner of secrets stops at this file.

/// One secret: its kind, a text that holds it, and the part of the text that nobody may see.
pub struct Sample {
    /// What it is.
    pub kind: &'static str,
    /// As it stands where somebody wrote it.
    pub text: String,
    /// What must not be there any more.
    pub secret: String,
}

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const HEX: &str = "0123456789abcdef";

/// Makes so many characters that look random, and are the same in every run.
fn some(alphabet: &str, length: usize) -> String {
    let letters = alphabet.as_bytes();
    let mut state = 0x9e37_79b9_u64 ^ (length as u64) ^ ((letters.len() as u64) << 32);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(letters[usize::try_from(state >> 40).unwrap_or(0) % letters.len()])
    };
    (0..length).map(|_| next()).collect()
}

/// Secrets that are known by their own form, as prefix and rest.
fn bare() -> Vec<(&'static str, String)> {
    let alnum = |length| some(ALNUM, length);
    let hex = |length| some(HEX, length);
    let join = |parts: &[&str]| parts.concat();
    vec![
        ("openai", join(&["sk", "-proj-", &alnum(48)])),
        ("anthropic", join(&["sk", "-ant-", "api03-", &alnum(80), "AA"])),
        ("openrouter", join(&["sk", "-or-v1-", &hex(64)])),
        ("deepseek", join(&["sk", "-", &hex(32)])),
        ("elevenlabs", join(&["sk", "_", &hex(48)])),
        ("hugging face", join(&["hf", "_", &alnum(34)])),
        ("replicate", join(&["r8", "_", &alnum(37)])),
        ("groq", join(&["gsk", "_", &alnum(52)])),
        ("xai", join(&["xai", "-", &alnum(80)])),
        ("perplexity", join(&["pplx", "-", &alnum(48)])),
        ("langsmith", join(&["lsv2", "_pt_", &hex(32), "_", &hex(10)])),
        ("tavily", join(&["tvly", "-", &alnum(32)])),
        ("brave", join(&["BSA", &alnum(27)])),
        ("zhipu", join(&[&hex(32), ".", &alnum(16)])),
        ("github classic", join(&["ghp", "_", &alnum(36)])),
        ("github app", join(&["ghs", "_", &alnum(36)])),
        ("github fine-grained", join(&["github", "_pat_", &alnum(22), "_", &alnum(59)])),
        ("gitlab", join(&["glpat", "-", &alnum(20)])),
        ("gitlab runner", join(&["glrt", "-", &alnum(20)])),
        ("atlassian", join(&["ATATT3", "xFfGF0", &alnum(180), "=", &hex(8)])),
        ("bitbucket", join(&["ATBB", &alnum(32)])),
        ("npm", join(&["npm", "_", &alnum(36)])),
        ("pypi", join(&["pypi", "-AgEIcHlwaS5vcmc", &alnum(150)])),
        ("crates.io", join(&["cio", &alnum(32)])),
        ("rubygems", join(&["rubygems", "_", &hex(48)])),
        ("docker hub", join(&["dckr", "_pat_", &alnum(27)])),
        ("circleci", join(&["CCIPAT", "_", &alnum(22), "_", &hex(40)])),
        ("sonarqube", join(&["squ", "_", &hex(40)])),
        ("postman", join(&["PMAK", "-", &hex(24), "-", &hex(34)])),
        ("slack bot", join(&["xoxb", "-", "123456789012-123456789012-", &alnum(24)])),
        ("slack app", join(&["xapp", "-1-A0123456789-1234567890123-", &hex(64)])),
        ("telegram", join(&["123456789", ":", "AA", &alnum(33)])),
        ("discord", join(&["M", &alnum(23), ".", &alnum(6), ".", &alnum(38)])),
        ("sendgrid", join(&["SG", ".", &alnum(22), ".", &alnum(43)])),
        ("mailgun", join(&["key", "-", &hex(32)])),
        ("mailchimp", join(&[&hex(32), "-us", "21"])),
        ("twilio", join(&["SK", &hex(32)])),
        ("aws", join(&["AKIA", &some(UPPER, 16)])),
        ("aws session", join(&["ASIA", &some(UPPER, 16)])),
        ("google", join(&["AIza", &alnum(35)])),
        ("google client", join(&["GOCSPX", "-", &alnum(28)])),
        ("google access", join(&["ya29", ".", &alnum(120)])),
        ("google refresh", join(&["1//", "0", &alnum(90)])),
        ("azure client", join(&["aB1", "8", "Q~", &alnum(34)])),
        ("alibaba", join(&["LTAI", &alnum(20)])),
        ("tencent", join(&["AKID", &alnum(32)])),
        ("digitalocean", join(&["dop", "_v1_", &hex(64)])),
        ("heroku", join(&["HRKU", "-", &alnum(60)])),
        ("fly.io", join(&["fo1", "_", &alnum(43)])),
        ("netlify", join(&["nfp", "_", &alnum(40)])),
        ("vault", join(&["hvs", ".", &alnum(90)])),
        ("terraform", join(&[&alnum(14), ".atlasv1.", &alnum(67)])),
        ("pulumi", join(&["pul", "-", &hex(40)])),
        ("doppler", join(&["dp", ".pt.", &alnum(43)])),
        ("tailscale", join(&["tskey", "-auth-", &alnum(12), "-", &alnum(32)])),
        ("databricks", join(&["dapi", &hex(32)])),
        ("planetscale", join(&["pscale", "_tkn_", &alnum(43)])),
        ("supabase", join(&["sbp", "_", &hex(40)])),
        ("grafana", join(&["glsa", "_", &alnum(32), "_", &hex(8)])),
        ("grafana cloud", join(&["glc", "_", &alnum(80)])),
        ("sentry", join(&["sntrys", "_", &alnum(120)])),
        ("new relic", join(&["NRAK", "-", &some(UPPER, 27)])),
        ("stripe", join(&["sk", "_live_", &alnum(24)])),
        ("stripe restricted", join(&["rk", "_live_", &alnum(24)])),
        ("stripe webhook", join(&["whsec", "_", &alnum(32)])),
        ("square", join(&["sq0atp", "-", &alnum(22)])),
        ("shopify", join(&["shpat", "_", &hex(32)])),
        ("facebook", join(&["EAA", &alnum(180)])),
        ("dropbox", join(&["sl", ".", &alnum(130)])),
        ("linear", join(&["lin", "_api_", &alnum(40)])),
        ("notion", join(&["ntn", "_", &alnum(46)])),
        ("notion, old", join(&["secret", "_", &alnum(43)])),
        ("airtable", join(&["pat", &alnum(14), ".", &hex(64)])),
        ("figma", join(&["figd", "_", &alnum(40)])),
        ("mapbox", join(&["sk", ".eyJ", &alnum(60), ".", &alnum(22)])),
        ("json web token", join(&["eyJ", &alnum(20), ".eyJ", &alnum(60), ".", &alnum(43)])),
        ("age", join(&["AGE-", "SECRET-KEY-1", &some(UPPER, 58)])),
    ]
}

/// Secrets that are known by what stands around them, as what stands before and behind, and the secret itself.
fn framed() -> Vec<(&'static str, &'static str, String, &'static str)> {
    let alnum = |length| some(ALNUM, length);
    let hex = |length| some(HEX, length);
    let pem = |name: &str| {
        let line = some(ALNUM, 64);
        [&format!("-----BEGIN {name}-----"), &*line, &*line, &format!("-----END {name}-----")].join("\n")
    };
    vec![
        ("private key", "", pem("RSA PRIVATE KEY"), ""),
        ("ssh key", "", pem("OPENSSH PRIVATE KEY"), ""),
        ("pgp key", "", pem("PGP PRIVATE KEY BLOCK"), ""),
        ("slack webhook", "https://hooks.slack.com/services/", format!("T012345/B012345/{}", alnum(24)), ""),
        ("discord webhook", "https://discord.com/api/webhooks/123456789012345678/", alnum(68), ""),
        ("feishu webhook", "https://open.feishu.cn/open-apis/bot/v2/hook/", hex(36), ""),
        ("wecom webhook", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", hex(36), ""),
        (
            "teams webhook",
            "https://x.webhook.office.com/webhookb2/",
            format!("{}@{}/IncomingWebhook", hex(36), hex(36)),
            "",
        ),
        ("dingtalk webhook", "https://oapi.dingtalk.com/robot/send?access_token=", hex(64), ""),
        ("password", "password=", "hunter22".to_owned(), " and more"),
        ("password in quotes", "password: \"", "correct horse battery staple".to_owned(), "\""),
        ("password with a quote", "{\"password\":\"", "pa\\\"ss word1".to_owned(), "\"}"),
        ("password in JSON", "{\"db\":{\"password\": \"", alnum(12), "\"}}"),
        ("password in JSON in JSON", "{\"arguments\":\"{\\\"password\\\":\\\"", alnum(12), "\\\"}\"}"),
        ("password in Chinese", "数据库密码：", alnum(12), "，然后部署"),
        ("password in Chinese words", "密码是", alnum(12), "。"),
        ("password in a sentence", "the password is ", "Tr0ub4dor&3".to_owned(), " I think"),
        ("password as an option", "psql --password ", "hunterhunter".to_owned(), " -h db"),
        ("sshpass", "sshpass -p ", "hunter22".to_owned(), " ssh me@host"),
        ("curl user", "curl -s -u me:", "hunter22".to_owned(), " https://example.org"),
        ("netrc", "machine example.org login me password ", "hunter22".to_owned(), ""),
        ("password in an address", "git clone https://me:", "hunter22".to_owned(), "@host/x"),
        ("password with a sign in an address", "postgres://u:", "p@ss:word".to_owned(), "@db:5432/x"),
        ("password without a user", "redis://:", "hunter22".to_owned(), "@cache:6379/0"),
        ("token in an address", "https://", alnum(40), "@github.com/x/y"),
        ("bearer", "curl -H 'Authorization: Bearer ", alnum(32), "' x"),
        ("basic", "Authorization: Basic ", "bWU6aHVudGVyMjI=".to_owned(), ""),
        ("cookie", "Cookie: session=", format!("{}; theme=dark", alnum(32)), ""),
        ("api key", "X-Api-Key: ", alnum(32), ""),
        ("api key in a query", "https://example.org/?api_key=", alnum(32), "&page=2"),
        ("variable", "export OPENCLAW_GATEWAY_TOKEN=", alnum(24), "\n"),
        ("aws secret", "aws_secret_access_key = ", format!("{}/+{}", alnum(20), alnum(18)), ""),
        ("azure storage", "AccountName=x;AccountKey=", format!("{}==", alnum(86)), ";EndpointSuffix=y"),
        (
            "azure signature",
            "https://x.blob.core.windows.net/c?sv=2026-01-01&sig=",
            format!("{}%3D", alnum(43)),
            "&se=1",
        ),
        ("aws signature", "https://b.s3.amazonaws.com/k?X-Amz-Signature=", hex(64), ""),
        ("connection string", "Server=db;User Id=sa;Pwd=", "hunter22".to_owned(), ";Encrypt=yes"),
        ("client secret", "\"clientSecret\": \"", alnum(40), "\""),
        ("bot token", "botToken: '", alnum(46), "'"),
        ("wireguard", "PrivateKey = ", format!("{}=", alnum(43)), "\nAddress = 10.0.0.1"),
    ]
}

/// Returns a secret of every kind.
pub fn samples() -> Vec<Sample> {
    let bare =
        bare().into_iter().map(|(kind, secret)| Sample { kind, text: format!("use {secret} now"), secret });
    let framed = framed().into_iter().map(|(kind, before, secret, behind)| Sample {
        kind,
        text: format!("{before}{secret}{behind}"),
        secret,
    });
    bare.chain(framed).collect()
}
