//! What letters that belong together name: code, a path, an address, or words.

use super::super::words::is_han;
use super::has;

/// How names of types in code end.
const CODE_ENDS: &str = concat!(
    "Service Controller Manager Handler Test Tests Client Model View Page Button Dialog Form Rules Component Helper Utils",
    " Repository Factory Provider Error Exception Request Response Config Store Hook Context Builder Parser Modal Card Panel",
    " Table List Item Row Cell Input Field Header Footer Layout Screen Widget Bar Menu Icon Reducer Selector Validator",
    " Serializer Formatter Mapper Schema Type Props State Adapter Wrapper Spec Mock",
);

/// Names that are one word, whatever letters are large.
const NAMES: &str = concat!(
    "GitHub GitLab LinkedIn YouTube PayPal HubSpot TikTok WhatsApp WeChat OneDrive DropBox JavaScript TypeScript PostgreSQL",
    " MySQL MongoDB LaTeX BibTeX PowerPoint WordPress MailChimp AirTable AliPay QuickBooks DocuSign NumPy SciPy PyTorch",
    " PhD ChatGPT OpenClaw OpenAI FastAPI GraphQL SQLite DataFrame NextCloud CloudFlare MacBook iPhone iPad iOS macOS eBay",
    " arXiv bioRxiv eBook eBooks iCloud iMessage eBike eSIM mRNA tRNA pH kWh LeetCode OpenStreetMap PagerDuty LaunchDarkly",
);

/// Tells names in code: `camelCase`, `snake_case`, `CheckoutButton`, `MAX_SIZE`.
pub(super) fn is_code(word: &str) -> bool {
    if has(NAMES, word) {
        return false;
    }
    if !word.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) {
        return false;
    }
    let snake = word.contains('_') && word.split('_').all(|part| !part.is_empty() && !part.contains('.'));
    let mut parts = word.split(|c: char| c.is_ascii_uppercase());
    let first = parts.next().unwrap_or_default();
    let camel = first.len() > 1
        && first.starts_with(|c: char| c.is_ascii_lowercase())
        && parts.clone().next().is_some()
        && parts.all(|part| !part.is_empty());
    let pascal = word.starts_with(|c: char| c.is_ascii_uppercase())
        && CODE_ENDS.split(' ').any(|end| {
            word.strip_suffix(end).is_some_and(|stem| stem.ends_with(|c: char| c.is_ascii_lowercase()))
        });
    snake || camel || pascal
}

/// Cuts `DeleteUser` into its words; what is known as one word stays one.
pub(super) fn humps(word: &str) -> Vec<&str> {
    if has(NAMES, word) {
        return vec![word];
    }
    let mut starts = vec![0];
    let letters: Vec<(usize, char)> = word.char_indices().collect();
    for pair in letters.windows(2) {
        let (before, (at, c)) = (pair[0].1, pair[1]);
        if (before.is_lowercase() && c.is_uppercase()) || (is_han(before) != is_han(c)) {
            starts.push(at);
        }
    }
    starts.push(word.len());
    starts.windows(2).map(|pair| &word[pair[0]..pair[1]]).collect()
}

/// Returns the name of a file, without its folders and its ending.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

pub(super) fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !name.contains('/') && !host.contains('/')
    })
}

pub(super) fn is_path(word: &str) -> bool {
    let rooted = ["/", "~/", "./", "../", "~"].iter().any(|start| word.starts_with(start));
    let hidden =
        word.starts_with('.') && word.len() > 2 && word[1..].starts_with(|c: char| c.is_ascii_alphabetic());
    (rooted || hidden) && word.contains(|c: char| c.is_alphanumeric())
}

pub(super) fn is_address(letters: &[char]) -> bool {
    letters.windows(3).any(|three| three == [':', '/', '/'])
}
