//! The languages that messages are written in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::support::error::{Error, Kind};

/// Names a language that there are templates for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Chinese, simplified.
    Zh,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// Returns the language's name, as `--lang` and the folders of templates have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|language| language.name() == text).ok_or_else(|| {
            Error::new(Kind::User, format!("there are no messages in {text:?}: en or zh is expected"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_one_name_everywhere() {
        for language in Language::ALL {
            assert_eq!(language.name().parse::<Language>().ok(), Some(language));
            assert_eq!(serde_json::to_value(language).ok(), Some(language.name().into()));
            assert_eq!(serde_json::from_value::<Language>(language.name().into()).ok(), Some(language));
        }
        assert!("EN".parse::<Language>().is_err() && "".parse::<Language>().is_err());
    }
}
