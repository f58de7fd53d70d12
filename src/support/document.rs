//! A JSON file of one object: the fields that this program knows, and whatever else stands there.
//!
//! | | reads old | reads new | writes new |
//! | --- | --- | --- | --- |
//! | old program | all | what it knows of it | never |
//! | new program | all | all | keeps the fields that it does not know |

use std::cmp::Reverse;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{Error, Kind, Result};
use super::fs::{PRIVATE_FILE, failed, json_files, write};

/// The format that this program writes.
pub const FORMAT: u32 = 1;
/// What to do about a file that is not what it should be.
pub const MEND: &str = "mend the file, or move it away; it is left as it is";
/// A file that is larger holds something else.
const MAX_FILE: u64 = 1 << 20;

/// One file, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<T> {
    /// What this program knows of it.
    pub known: T,
    rest: Map<String, Value>,
    format: u32,
}

/// A file of a folder: where it stands, and what it holds, or why it cannot be read.
#[derive(Debug)]
pub struct Listed<T> {
    /// Where it stands.
    pub path: PathBuf,
    /// What it holds.
    pub content: Result<T>,
}

/// Lists the files of a folder, the last changed first; one that cannot be read comes at the end, with its error.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn list<T>(
    folder: &Path,
    read: impl Fn(&Path) -> Result<T>,
    changed_at: impl Fn(&T) -> DateTime<Utc>,
) -> Result<Vec<Listed<T>>> {
    let listed = |path: PathBuf| Listed { content: read(&path), path };
    let mut all: Vec<Listed<T>> = json_files(folder)?.into_iter().map(listed).collect();
    all.sort_by_key(|one| (Reverse(one.content.as_ref().ok().map(&changed_at)), one.path.clone()));
    Ok(all)
}

/// A file without it is a seed's.
#[derive(Deserialize)]
struct Format {
    #[serde(default)]
    format_version: u32,
}

impl<T: Serialize + DeserializeOwned> Document<T> {
    /// Makes a file of this program's own.
    #[must_use]
    pub fn new(known: T) -> Self {
        Self { known, rest: Map::new(), format: FORMAT }
    }

    /// Puts other content in place of what this program knows of the file; the rest stays.
    #[must_use]
    pub fn replaced(self, known: T) -> Self {
        Self { known, ..self }
    }

    /// Reads the text of a file; `origin` names it.
    ///
    /// # Errors
    /// [`Kind::User`] with the line where it does not parse; [`Kind::Newer`] where only a newer program can read it.
    pub fn parse(origin: &str, text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let invalid =
            |error: &serde_json::Error| Error::new(Kind::User, format!("{origin}:{}: {error}", error.line()));
        let format = serde_json::from_str::<Format>(text).map_err(|error| invalid(&error))?.format_version;
        let known: T = serde_json::from_str(text).map_err(|error| match format {
            format if format > FORMAT => newer(origin, format).because(error),
            _ => invalid(&error),
        })?;
        let mut rest: Map<String, Value> = serde_json::from_str(text).map_err(|error| invalid(&error))?;
        for name in object(&known)?.keys() {
            rest.remove(name);
        }
        rest.remove("format_version");
        Ok(Self { known, rest, format })
    }

    /// Returns the text of the file: the known fields in their order, then the others.
    ///
    /// # Errors
    /// [`Kind::Newer`] where a newer program wrote it: it is never rewritten.
    pub fn render(&self, origin: &str) -> Result<String> {
        #[derive(Serialize)]
        struct Whole<'a, T> {
            #[serde(flatten)]
            known: &'a T,
            format_version: u32,
            #[serde(flatten)]
            rest: &'a Map<String, Value>,
        }
        if self.format > FORMAT {
            return Err(newer(origin, self.format));
        }
        let whole = Whole { known: &self.known, format_version: FORMAT, rest: &self.rest };
        serde_json::to_string_pretty(&whole).map(|text| text + "\n").map_err(unwritable)
    }

    /// Reads a file of the workspace; a missing one is `None`.
    ///
    /// # Errors
    /// Where it is a link, leads out of the workspace, is too large, or does not parse.
    pub fn read(workspace: &Path, path: &Path) -> Result<Option<Self>> {
        let Some(path) = own_file(workspace, path)? else { return Ok(None) };
        let text = fs::read_to_string(&path).map_err(|error| failed("read", &path, error))?;
        Self::parse(&path.display().to_string(), &text).map(Some).map_err(|error| match error.kind() {
            Kind::User => error.hint(MEND),
            _ => error,
        })
    }

    /// Writes the file, for the owner alone.
    ///
    /// # Errors
    /// Where it is a link, leads out of the workspace, cannot be written, or was written by a newer program.
    pub fn write(&self, workspace: &Path, path: &Path) -> Result<()> {
        let text = self.render(&path.display().to_string())?;
        if own_file(workspace, path)?.is_some() {
            let private = fs::Permissions::from_mode(PRIVATE_FILE);
            fs::set_permissions(path, private).map_err(|error| failed("change the mode of", path, error))?;
        }
        write(path, text.as_bytes())
    }
}

/// Finds a file of the workspace that is no link, nor behind one that leads out; `None` where it is not there.
fn own_file(workspace: &Path, path: &Path) -> Result<Option<PathBuf>> {
    let refused = |why: String| {
        let message = format!("refused to use {}: {why}", path.display());
        Err(Error::new(Kind::Refused, message).hint("put the file itself there"))
    };
    // The workspace may not be there yet: then nothing leads out of it.
    let real = |path: &Path| path.ancestors().find_map(|one| one.canonicalize().ok());
    let (folder, root) = (path.parent().and_then(real), workspace.canonicalize().ok());
    if let (Some(folder), Some(root)) = (folder, root)
        && !folder.starts_with(&root)
    {
        return refused(format!("its folder leads out of the workspace, to {}", folder.display()));
    }
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => refused("it is a link".to_owned()),
        Ok(meta) if !meta.is_file() => refused("it is no file".to_owned()),
        Ok(meta) if meta.len() > MAX_FILE => refused(format!("it holds more than {} MiB", MAX_FILE >> 20)),
        Ok(_) => Ok(Some(path.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("look at", path, error)),
    }
}

fn object(known: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(known).map_err(unwritable)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Error::new(Kind::Bug, "a file's content is no object")),
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(Kind::Bug, "cannot write a file's content as JSON").because(error)
}

fn newer(origin: &str, format: u32) -> Error {
    Error::new(Kind::Newer, format!("{origin} was written by a newer version of comeback (format {format})"))
        .hint("install the newer version; the file is left as it is")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Pet {
        name: String,
        #[serde(default)]
        age: u32,
    }

    #[test]
    fn what_is_not_known_survives_behind_what_is() {
        let text = r#"{"zeal": [1], "name": "Ada", "format_version": 1}"#;
        let mut pet = Document::<Pet>::parse("pet.json", text).unwrap();
        pet.known.age = 3;
        insta::assert_snapshot!(pet.render("pet.json").unwrap(), @r#"
        {
          "name": "Ada",
          "age": 3,
          "format_version": 1,
          "zeal": [
            1
          ]
        }
        "#);
    }

    #[test]
    fn what_does_not_parse_is_named_with_its_line_and_what_is_newer_is_not_rewritten() {
        let parse = |text: &str| Document::<Pet>::parse("pet.json", text);
        for (text, line, kind) in [
            ("{\n\"name\": 5}", "pet.json:2: invalid type", Kind::User),
            ("{\"name\":", "pet.json:1: EOF", Kind::User),
            ("[]", "pet.json:1: invalid", Kind::User),
            ("{}", "pet.json:1: missing field `name`", Kind::User),
            ("{\"name\": {}, \"format_version\": 2}", "written by a newer version", Kind::Newer),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(error.full().contains(line), "{text}: {}", error.full());
        }
        let newer = parse(r#"{"name": "Ada", "format_version": 2}"#).unwrap();
        assert_eq!(newer.known.name, "Ada");
        assert_eq!(newer.render("pet.json").unwrap_err().kind(), Kind::Newer);
    }

    #[test]
    fn a_link_is_refused_and_so_is_a_folder_that_leads_out() {
        let dir = tempfile::tempdir().unwrap();
        let (workspace, outside) = (dir.path().join("workspace"), dir.path().join("outside"));
        fs::create_dir_all(&workspace).unwrap();
        fs::create_dir_all(&outside).unwrap();
        let pet = Document::new(Pet { name: "Ada".to_owned(), age: 1 });
        let path = workspace.join("a/pet.json");
        assert!(Document::<Pet>::read(&workspace, &path).unwrap().is_none());
        pet.write(&workspace, &path).unwrap();
        assert_eq!(Document::read(&workspace, &path).unwrap(), Some(pet.clone()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        symlink(&path, workspace.join("link.json")).unwrap();
        symlink(&outside, workspace.join("out")).unwrap();
        for (path, why) in [("link.json", "it is a link"), ("out/pet.json", "leads out"), ("a", "no file")] {
            let path = workspace.join(path);
            let error = Document::<Pet>::read(&workspace, &path).unwrap_err();
            assert_eq!((error.kind(), error.full().contains(why)), (Kind::Refused, true), "{}", error.full());
            assert!(pet.write(&workspace, &path).is_err());
        }
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }
}
