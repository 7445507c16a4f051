use super::*;

#[test]
fn a_share_and_a_device_lead_away_and_no_other_path() {
    for path in [
        r"\\evil\share\x.p8",
        "//evil/share/x.p8",
        r"\/evil\share\x.p8",
        r"/\evil\share\x.p8",
        r"\\?\UNC\evil\share\x.p8",
        r"\\.\pipe\x.p8",
        r"\??\UNC\evil\share\x.p8",
    ] {
        assert!(leads_away(Path::new(path)), "{path}");
    }
    for path in [
        r"C:\keys\x.p8",
        r"\keys\x.p8",
        "/keys//x.p8",
        r"keys\\x.p8",
        "x.p8",
        "/",
        "",
    ] {
        assert!(!leads_away(Path::new(path)), "{path}");
    }
}

#[test]
#[cfg(windows)]
fn what_leads_away_is_not_looked_at() {
    let path = Path::new(r"\\?\C:\Windows\System32\drivers\etc\hosts");
    assert!(path.is_file() && !is_regular(path));
    assert!(open_regular(path).is_err());
}

#[test]
fn who_still_writes_into_a_directory_does_not_keep_it() {
    let folder = tempfile::tempdir().expect("a directory");
    for round in 0..500 {
        let path = folder.path().join(round.to_string());
        create_dir(&path).expect("a new directory");
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for file in 0..40 {
                    // It fails once the directory is gone.
                    let _ = create_file(&path.join(file.to_string()));
                }
            });
            while !path.join("0").exists() && !writer.is_finished() {
                thread::yield_now();
            }
            remove_dir(&path).expect("it is removed");
        });
        assert!(!path.exists(), "round {round}");
    }
}

#[test]
fn a_change_removes_drafts_that_were_left_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a directory");
    let draft = format!(".config.json.{}", random::hex().expect("digits"));
    let mut kept = [
        ".config.json.swp",
        ".config.json.orig",
        ".config.json.0a",
        "config.json",
    ];
    for name in kept.iter().chain([&draft.as_str()]) {
        fs::write(folder.path().join(name), "before").expect("a file");
    }
    replace(folder.path(), "config.json", b"after").expect("it is replaced");
    let files = fs::read_dir(folder.path()).expect("a directory");
    let mut left: Vec<_> = files
        .map(|file| file.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    left.sort_unstable();
    kept.sort_unstable();
    assert_eq!(left, kept);
    assert_eq!(fs::read(folder.path().join("config.json")).expect("a file"), b"after");
}

#[cfg(unix)]
#[test]
fn no_pipe_is_waited_for_in_the_place_of_a_lock() {
    let folder = tempfile::tempdir().expect("a directory");
    let pipe = folder.path().join("config.json.lock");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());
    Lock::acquire(folder.path(), "config.json.lock", Duration::ZERO).expect_err("it is a pipe");
    let _reader = open(&pipe).expect("nobody waits for a writer");
    Lock::acquire(folder.path(), "config.json.lock", Duration::ZERO).expect_err("it is a pipe with a reader");
}
