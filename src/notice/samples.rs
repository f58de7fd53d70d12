//! A set of values for every template, in each language.

use std::sync::LazyLock;

use serde_json::Value;

use super::catalogue::Template;
use crate::model::Language;

static SAMPLES: LazyLock<[Value; 2]> = LazyLock::new(|| {
    [include_str!("../../templates/en/samples.yaml"), include_str!("../../templates/zh/samples.yaml")]
        .map(|text| serde_yaml::from_str(text).expect("compiled in, and read by a test"))
});

/// Returns the sample values of a template.
#[must_use]
pub fn sample(template: &Template, language: Language) -> Value {
    let [en, zh] = &*SAMPLES;
    let samples = match language {
        Language::En => en,
        Language::Zh => zh,
    };
    samples[template.name].clone()
}
