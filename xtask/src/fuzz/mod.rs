//! `cargo xtask fuzz --seconds N [TARGET…]`: every target of `fuzz/`, or those that are named, for so long each.
//!
//! The stable compiler will do. All of the code is safe Rust, so no sanitizer is asked for, and a sanitizer is all that
//! would need nightly. The committed corpora are only read: what is found, and the seeds that hold keys, lie below
//! `target/`.

mod log;
mod seeds;

use std::{
    error::Error,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Outcome,
    build::target_directory,
    process::{run, wait},
    tools,
};

const USAGE: &str = "usage: cargo xtask fuzz --seconds N [TARGET…]

Each target runs for N seconds. Without a target, all of those in fuzz/fuzz_targets.";
/// All dependencies, on two cores.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
/// How much longer than it was asked to a target may take: for the corpus, and for an input that hangs.
const GRACE: Duration = Duration::from_secs(120);
/// So many run at once.
const AT_ONCE: usize = 2;
/// In seconds, for one input; in bytes; in MB.
const LIMITS: [&str; 3] = ["-timeout=20", "-max_len=4096", "-rss_limit_mb=2048"];

/// Runs the targets and prints one table of them. Fails if any broke its property.
pub(crate) fn fuzz(root: &Path, arguments: &[String]) -> Outcome {
    let (seconds, targets) = chosen(arguments, &all_targets(root)?)?;
    let folder = target_directory(root)?.join("fuzz");
    let binaries = build(root, &folder)?;
    seeds::write_into(&folder.join("seeds"))?;

    let todo = Mutex::new(targets.iter());
    let next = || todo.lock().ok()?.next();
    let fuzzed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(target) = next() {
                    let outcome = fuzz_one(root, &folder, &binaries, target, seconds);
                    let outcome = outcome.map_err(|error| error.to_string());
                    if let Ok(mut fuzzed) = fuzzed.lock() {
                        fuzzed.push((target, outcome));
                    }
                }
            });
        }
    });

    let mut fuzzed = fuzzed.into_inner().map_err(|_| "a run of a target has panicked")?;
    fuzzed.sort_by_key(|(target, _)| *target);
    println!("{}", log::HEAD);
    let mut broken = Vec::new();
    for (target, outcome) in fuzzed {
        let outcome = outcome.map_err(|error| format!("{target}: {error}"))?;
        println!("{}", outcome.row(target));
        broken.extend(outcome.crash.map(|crash| (target, crash)));
    }
    for (target, crash) in &broken {
        eprintln!("\n{target} broke its property:\n{}", crash.what);
        eprintln!("input: {}", crash.input.display());
        eprintln!("again: {} {}", binaries.join(target).display(), crash.input.display());
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err("\nMake each input a test beside the code that it shows to be wrong; CONTRIBUTING.md says how.".into())
    }
}

/// How long, and which of all targets.
fn chosen(arguments: &[String], all: &[String]) -> Result<(u64, Vec<String>), Box<dyn Error>> {
    let [flag, seconds, named @ ..] = arguments else {
        return Err(USAGE.into());
    };
    let seconds = seconds.parse().ok().filter(|seconds| *seconds > 0);
    let (Some(seconds), "--seconds") = (seconds, flag.as_str()) else {
        return Err(USAGE.into());
    };
    if let Some(unknown) = named.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no target {unknown}; there are {}", all.join(", ")).into());
    }
    Ok((seconds, if named.is_empty() { all } else { named }.to_vec()))
}

fn all_targets(root: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut targets = Vec::new();
    for file in fs::read_dir(root.join("fuzz/fuzz_targets"))? {
        targets.extend(file?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    Ok(targets)
}

/// Builds every target, and says in which folder they are.
fn build(root: &Path, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let cargo_fuzz = tools::cargo_fuzz(root)?.join("cargo-fuzz");
    let host = host()?;
    run(
        Command::new(cargo_fuzz)
            .args(["build", "--sanitizer", "none", "--target", &host, "--target-dir"])
            .arg(folder.join("build"))
            .current_dir(root),
        BUILD_LIMIT,
    )?;
    Ok(folder.join("build").join(host).join("release"))
}

/// The compiler's own triple.
fn host() -> Result<String, Box<dyn Error>> {
    let version = crate::process::output_of(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc names no host")?.to_owned())
}

fn fuzz_one(
    root: &Path,
    folder: &Path,
    binaries: &Path,
    target: &str,
    seconds: u64,
) -> Result<log::Fuzzed, Box<dyn Error>> {
    let of_target = |kind: &str| folder.join(kind).join(target);
    // What is found goes into the first folder; the others are read.
    let (found, crashes) = (of_target("corpus"), of_target("crashes"));
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&crashes)?;
    let rest = [root.join("fuzz/corpus").join(target), of_target("seeds")];
    let text = of_target("corpus").with_extension("log");
    let mut child = Command::new(binaries.join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg("-print_final_stats=1")
        .args(LIMITS)
        .arg(found)
        .args(rest.iter().filter(|folder| folder.is_dir()))
        .stderr(File::create(&text)?)
        .spawn()?;
    let ended = wait(&mut child, Instant::now() + Duration::from_secs(seconds) + GRACE)?;
    let printed = String::from_utf8_lossy(&fs::read(&text)?).into_owned();
    let fuzzed = log::Fuzzed::read(&printed);
    match (ended, &fuzzed.crash) {
        (None, _) => Err(format!("it did not end; see {}", text.display()).into()),
        (Some(status), None) if !status.success() => Err(format!("{status}; see {}", text.display()).into()),
        (_, None) if fuzzed.is_idle() => Err(format!("it tried nothing; see {}", text.display()).into()),
        _ => Ok(fuzzed),
    }
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn all_targets_are_chosen_unless_some_are_named() {
        let all = ["a", "b"].map(str::to_owned);
        let choose = |words: &str| {
            let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
            chosen(&words, &all).map_err(|error| error.to_string())
        };
        assert_eq!(choose("--seconds 5"), Ok((5, all.to_vec())));
        assert_eq!(choose("--seconds 5 b"), Ok((5, vec!["b".to_owned()])));
        let unknown = choose("--seconds 5 c").expect_err("an unknown target");
        assert_eq!(unknown, "there is no target c; there are a, b");
        for words in ["", "a", "--seconds", "--seconds a", "--seconds 0"] {
            assert_eq!(choose(words).expect_err("no such command"), super::USAGE, "{words}");
        }
    }
}
