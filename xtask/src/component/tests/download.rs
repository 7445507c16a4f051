//! The download, in images that have little more than it needs: the archive of a stand-in comes from a release host
//! on loopback. `uname` says what the stand-in runs on, and `sleep` writes down how long it would take.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use super::job::{Job, said, shells, stand_in, template};
use crate::e2e::release_host::{Fault, ReleaseHost};

const NAME: &str = "asc-auth-1.2.3-x86_64-unknown-linux-musl";

/// Where the archive is, on a mirror that keeps the release's paths below one of its own.
const MIRROR: &str = "/mirror/";
const PATH: &str = "/mirror/v1.2.3/asc-auth-1.2.3-x86_64-unknown-linux-musl.tar.gz";

/// What every image has.
const BASE: &[&str] = &[
    "cat", "chmod", "find", "id", "ls", "mkdir", "mv", "printf", "rm", "tar", "gzip", "timeout", "true",
];

/// What images download and hash with. That of macOS hashes with perl's program.
const IMAGES: [&[&str]; 3] = [&["curl", "sha256sum"], &["curl", "shasum"], &["wget", "sha256sum"]];

/// Not what a shell says, which has some of them within itself.
fn which(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    let found = env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{program} is not installed"))
}

/// A folder that is all of a job's PATH, and what was slept.
struct Image {
    folder: TempDir,
}

impl Image {
    /// The programs of this machine.
    fn with(programs: &[&str]) -> Self {
        let image = Self::empty();
        for program in BASE.iter().chain(programs) {
            image.link(program, &which(program));
        }
        for (shell, ..) in shells().into_iter().filter_map(<[_]>::split_first) {
            image.link(shell, &which(shell));
        }
        image
    }

    /// An image such as alpine: busybox for everything, and no curl.
    fn of_busybox() -> Self {
        let image = Self::empty();
        for applet in BASE.iter().chain(&["sh", "wget", "sha256sum"]) {
            image.link(applet, &which("busybox"));
        }
        image
    }

    fn empty() -> Self {
        let image = Self {
            folder: TempDir::with_prefix("asc-auth-component-image-").unwrap(),
        };
        image.script("uname", "[ \"$1\" = -s ] && echo Linux || echo x86_64");
        image.script("sleep", "echo \"$1\" >>\"${0%/*}/.slept\"");
        image
    }

    fn without(self, program: &str) -> Self {
        fs::remove_file(self.folder.path().join(program)).unwrap();
        self
    }

    fn link(&self, name: &str, program: &Path) {
        let link = self.folder.path().join(name);
        if !link.exists() {
            symlink(program, link).unwrap();
        }
    }

    fn script(&self, name: &str, lines: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The seconds of each pause so far.
    fn slept(&self) -> Vec<String> {
        let slept = fs::read_to_string(self.folder.path().join(".slept")).unwrap_or_default();
        slept.lines().map(str::to_owned).collect()
    }
}

/// The stand-in's archive, on a host.
struct Release {
    host: ReleaseHost,
    digest: String,
    _folder: TempDir,
}

impl Release {
    fn new() -> Self {
        let folder = TempDir::with_prefix("asc-auth-component-release-").unwrap();
        let packed = folder.path().join("packed").join(NAME);
        fs::create_dir_all(&packed).unwrap();
        fs::copy(stand_in(), packed.join("asc-auth")).unwrap();
        fs::write(packed.join("README.md"), "read me").unwrap();
        fs::write(folder.path().join("outside"), "from the archive").unwrap();
        let archive = folder.path().join(&PATH[MIRROR.len()..]);
        fs::create_dir_all(archive.parent().unwrap()).unwrap();
        // Beside what an archive has: a file that would go elsewhere, if its name decided.
        let tar = Command::new("tar")
            .args(["--create", "--gzip", "--absolute-names", "--file"])
            .arg(&archive)
            .args([NAME, "../outside"])
            .current_dir(folder.path().join("packed"))
            .status();
        assert!(tar.unwrap().success());
        let digest = Command::new("sha256sum").arg(&archive).output().unwrap();
        Self {
            host: ReleaseHost::below(MIRROR, folder.path()).unwrap(),
            digest: said(&digest).split(' ').next().unwrap().to_owned(),
            _folder: folder,
        }
    }

    /// The file of the archive that is not below its folder, in the job's folder.
    fn outside(job: &Job) -> [PathBuf; 2] {
        ["outside", "project.tmp/outside"].map(|name| job.folder.path().join(name))
    }

    /// Runs a job in this image. Whatever comes of it, nothing is left.
    fn run(&self, image: &Image, shell: &[&str], base: &str, variables: &[(&str, &str)]) -> Ended {
        let scripts = template().scripts(&[
            ("version", "1.2.3"),
            ("download-base-url", base),
            ("sha256-linux-x86_64", &self.digest),
            ("private-key-variable", "RELEASE_KEY"),
        ]);
        let lines = scripts.unwrap().hidden_job + "ls -A \"${ASC_AUTH_DIR%/*}\" \"${ASC_AUTH_DIR%/*}/bin\"\n";
        let path = image.folder.path().to_string_lossy();
        let job = Job::new();
        let output = job.run(shell, &lines, &[&[("PATH", &*path)], variables].concat());
        let told = format!("{shell:?}: {}", said(&output));
        assert!(!job.directory().exists(), "the job directory is left: {told}");
        for outside in Self::outside(&job) {
            assert!(!outside.exists(), "{} is there: {told}", outside.display());
        }
        Ended { output, told }
    }
}

struct Ended {
    output: Output,
    told: String,
}

impl Ended {
    fn has_its_token(&self) {
        assert_eq!(self.output.status.code(), Some(0), "{}", self.told);
        assert!(self.told.contains("stand-in: setup"), "{}", self.told);
        let left = String::from_utf8_lossy(&self.output.stdout);
        let words: Vec<&str> = left.split_whitespace().filter(|word| !word.ends_with(':')).collect();
        assert_eq!(words, ["asc-auth-stand-in", "bin", "asc-auth"], "{}", self.told);
    }

    fn stopped_with(&self, code: i32, says: &str) {
        assert_eq!(self.output.status.code(), Some(code), "{}", self.told);
        assert!(self.told.contains(says), "{}", self.told);
        assert!(!self.told.contains("stand-in:"), "it was run: {}", self.told);
    }
}

/// Every image, and shells to try in it: all of them in one image, and one of them in the others, as what differs
/// between shells has little to do with what differs between images.
fn images() -> Vec<(Image, Vec<&'static [&'static str]>)> {
    let mut images = vec![(Image::of_busybox(), vec![&["sh"][..]])];
    for (number, programs) in IMAGES.iter().enumerate() {
        let few = if number == 0 { shells() } else { vec![&["sh"][..]] };
        images.push((Image::with(programs), few));
    }
    images
}

#[test]
fn each_image_downloads_checks_and_runs_the_binary() {
    let release = Release::new();
    let mut expected = Vec::new();
    for (image, shells) in images() {
        for shell in shells {
            // A slash at the end is no other address.
            for base in [release.host.url(), release.host.url() + "/"] {
                release.run(&image, shell, &base, &[]).has_its_token();
                expected.push(PATH);
            }
        }
        assert!(image.slept().is_empty());
    }
    assert_eq!(release.host.asked(), expected);
}

#[test]
fn a_host_that_is_busy_or_breaks_off_is_asked_again() {
    for faults in [
        [Fault::Status(503), Fault::Status(429)],
        [Fault::BreaksOff, Fault::Status(408)],
    ] {
        for (image, shells) in images() {
            let release = Release::new();
            for (run, shell) in (1..).zip(shells) {
                release.host.fail_next(faults);
                release.run(&image, shell, &release.host.url(), &[]).has_its_token();
                assert_eq!(release.host.asked().len(), 3 * run);
                assert_eq!(image.slept(), ["1", "2"].repeat(run));
            }
        }
    }
}

#[test]
fn a_host_that_stays_away_is_tried_four_times() {
    let release = Release::new();
    release.host.fail_always(Fault::Status(500));
    let nobody = Release::new().host.url();
    for base in [release.host.url(), nobody] {
        for (image, shells) in images() {
            for (run, shell) in (1..).zip(shells) {
                let ended = release.run(&image, shell, &base, &[]);
                ended.stopped_with(20, "could not be downloaded with");
                assert_eq!(image.slept(), ["1", "2", "4"].repeat(run), "{}", ended.told);
            }
        }
    }
}

#[test]
fn curl_does_not_ask_again_for_what_is_not_there() {
    let release = Release::new();
    let image = Image::with(IMAGES[0]);
    let base = format!("{}/elsewhere", release.host.url());
    for shell in shells() {
        let ended = release.run(&image, shell, &base, &[]);
        ended.stopped_with(20, "could not be downloaded with curl");
        assert!(image.slept().is_empty(), "{}", ended.told);
    }
}

#[test]
fn what_is_not_the_release_is_not_run() {
    for (fault, says) in [(Fault::Tampered, "it is not run"), (Fault::WebPage, "gave a web page")] {
        let release = Release::new();
        release.host.fail_always(fault);
        for (image, shells) in images() {
            for shell in shells {
                release
                    .run(&image, shell, &release.host.url(), &[])
                    .stopped_with(2, says);
            }
            assert!(image.slept().is_empty());
        }
    }
}

#[test]
fn what_never_ends_is_given_up() {
    for (image, shells) in images() {
        let release = Release::new();
        release.host.fail_always(Fault::Endless);
        let ended = release.run(&image, shells[0], &release.host.url(), &[]);
        ended.stopped_with(20, "could not be downloaded with");
    }
}

#[test]
fn the_environments_proxy_is_asked() {
    for (image, shells) in images() {
        let release = Release::new();
        let proxy = release.host.url();
        let variables = [("http_proxy", &*proxy)];
        // Nothing listens on port 1.
        release
            .run(&image, shells[0], "http://localhost:1/mirror", &variables)
            .has_its_token();
        let [asked] = &release.host.asked()[..] else {
            panic!("not one request: {:?}", release.host.asked());
        };
        assert_eq!(*asked, format!("http://localhost:1{PATH}"));
    }
}

#[test]
fn an_image_that_lacks_a_program_is_told_so() {
    for (image, says) in [
        (Image::with(&["sha256sum"]), "neither curl nor wget"),
        (Image::with(&["curl"]), "neither sha256sum nor shasum"),
        (Image::with(IMAGES[0]).without("tar"), "has no tar"),
        (Image::with(IMAGES[0]).without("gzip"), "has no gzip"),
    ] {
        let release = Release::new();
        for shell in shells() {
            release
                .run(&image, shell, &release.host.url(), &[])
                .stopped_with(2, says);
        }
        assert!(release.host.asked().is_empty());
    }
}

/// curl could be anybody's.
#[test]
fn the_program_that_downloads_gets_no_key() {
    for shell in shells() {
        let release = Release::new();
        let image = Image::with(&["sha256sum"]);
        image.script("curl", "export -p >\"${0%/*}/.environment\"; exit 3");
        let key = [
            "ASC_PRIVATE_KEY",
            "ASC_PRIVATE_KEY_B64",
            "ASC_PRIVATE_KEY_PATH",
            "RELEASE_KEY",
        ]
        .map(|name| (name, "of the team"));
        let base = release.host.url();
        release
            .run(&image, shell, &base, &[&key[..], &[("OTHER", "variable")]].concat())
            .stopped_with(20, "could not be downloaded");
        let environment = fs::read_to_string(image.folder.path().join(".environment")).unwrap();
        assert!(environment.contains("OTHER"), "{shell:?}: {environment}");
        assert!(!environment.contains("of the team"), "{shell:?}: {environment}");
    }
}

/// Without `timeout`, as on macOS, wget is on its own.
#[test]
fn wget_does_without_timeout() {
    let release = Release::new();
    for image in [Image::of_busybox(), Image::with(&["wget", "sha256sum"])] {
        let image = image.without("timeout");
        release.run(&image, &["sh"], &release.host.url(), &[]).has_its_token();
    }
}
