//! Files that are written, read and locked in a temporary folder.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use super::*;

#[test]
fn a_missing_file_is_none_and_a_folder_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    assert!(read(&dir.path().join("none")).unwrap().is_none());
    let error = read(dir.path()).unwrap_err();
    assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
}

#[test]
fn a_lock_that_is_no_file_is_refused_before_it_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let error = Lock::acquire(&socket, Duration::ZERO).unwrap_err();
    assert!(error.full().ends_with("it is no file"), "{}", error.full());
}

#[test]
fn a_new_file_is_private_and_an_old_one_keeps_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/er/file");
    write(&path, b"one").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    write(&path, b"two").unwrap();
    assert_eq!(mode(&path), 0o644);
    assert_eq!(read(&path).unwrap().unwrap(), "two");
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn what_a_killed_run_left_is_removed_and_what_is_written_now_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, age: u64| {
        let path = dir.path().join(name);
        let at = std::time::SystemTime::now() - Duration::from_secs(age);
        File::create(&path).unwrap().set_modified(at).unwrap();
        path
    };
    let left = file(".comeback-a1B2c3", 7_200);
    let kept = [file(".comeback-d4E5f6", 60), file(".comeback-notes.md", 7_200), file("old", 7_200)];
    write(&dir.path().join("new"), b"new").unwrap();
    assert!(!left.exists());
    assert!(kept.iter().all(|path| path.exists()), "{kept:?}");
}

#[test]
fn a_link_in_place_of_the_file_is_replaced_and_its_target_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (target, link) = (dir.path().join("target"), dir.path().join("link"));
    fs::write(&target, "theirs").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    write(&link, b"ours").unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
    assert_eq!(fs::read_to_string(&link).unwrap(), "ours");
}

#[test]
fn what_root_makes_belongs_to_the_owner_of_the_folder_and_what_others_make_to_them() {
    let dir = tempfile::tempdir().unwrap();
    let owner = fs::metadata(dir.path()).unwrap().uid();
    let expected = if owner == 0 { 65_534 } else { owner };
    std::os::unix::fs::chown(dir.path(), Some(expected), None).unwrap();
    write(&dir.path().join("a/b/file"), b"one").unwrap();
    Lock::acquire(&dir.path().join("lock"), Duration::ZERO).unwrap();
    for made in ["a", "a/b", "a/b/file", "lock"] {
        assert_eq!(fs::metadata(dir.path().join(made)).unwrap().uid(), expected, "{made}");
    }
    let other = if owner == 0 { 65_533 } else { owner };
    std::os::unix::fs::chown(dir.path().join("a/b/file"), Some(other), None).unwrap();
    write(&dir.path().join("a/b/file"), b"two").unwrap();
    assert_eq!(fs::metadata(dir.path().join("a/b/file")).unwrap().uid(), other, "it is theirs still");
}

#[test]
fn the_folders_that_are_missing_come_outermost_first() {
    let dir = tempfile::tempdir().unwrap();
    let missing = missing_folders(&dir.path().join("a/b"));
    assert_eq!(missing, [dir.path().join("a"), dir.path().join("a/b")]);
    assert!(missing_folders(dir.path()).is_empty());
}

#[test]
fn what_is_no_file_or_too_long_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let long = dir.path().join("long");
    File::create(&long).unwrap().set_len(MAX_TEXT + 1).unwrap();
    for (path, why) in [(&socket, "it is no file"), (&long, "more than 16 MiB")] {
        let error = read(path).unwrap_err().full();
        assert!(error.contains(why) && error.contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn a_link_is_followed_inside_only() {
    let dir = tempfile::tempdir().unwrap();
    let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
    let link = |to: &Path, name: &str| {
        let link = root.join(name);
        std::os::unix::fs::symlink(to, &link).unwrap();
        link
    };
    fs::create_dir(&root).unwrap();
    fs::write(root.join("file"), "ours").unwrap();
    fs::write(&outside, "theirs").unwrap();
    assert_eq!(read_inside(&root, &link(Path::new("file"), "in")).unwrap().unwrap(), "ours");
    assert!(read_inside(&root, &link(Path::new("nothing"), "dangling")).unwrap().is_none());
    let error = read_inside(&root, &link(&outside, "out")).unwrap_err();
    assert!(error.to_string().contains("it leads out of"), "{error}");
    assert!(!format!("{error:?}").contains("theirs"));
}

#[test]
fn a_held_lock_is_busy_and_a_dropped_one_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let held = Lock::acquire(&path, Duration::ZERO).unwrap();
    let busy = Lock::acquire(&path, Duration::ZERO).unwrap_err();
    assert_eq!(busy.kind(), Kind::Busy);
    assert!(busy.to_string().contains("lock"));
    drop(held);
    Lock::acquire(&path, GIVEN_UP).unwrap();
}
