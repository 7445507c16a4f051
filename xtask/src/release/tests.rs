use std::{error::Error, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use tempfile::TempDir;

use super::{
    changelog, check, commit_manifest, component, draft,
    host::{Host, State},
    publish,
    repository::Repository,
    version::Version,
};
use crate::{Outcome, dist::manifest::FILES, e2e::checkout::git, process::output_of};

const CHANGELOG: &str = "# Changelog

## Unreleased

## 1.2.3 - 2026-01-31

### Added

- Everything.

## 1.2.2 - 2026-01-01

- Less.
";

/// A clone of the project's repository on GitHub, at the commit that is to be released.
struct Project {
    folder: TempDir,
    version: Version,
}

impl Project {
    fn new() -> Result<Self, Box<dyn Error>> {
        let folder = TempDir::new()?;
        for name in ["origin", "gitlab"] {
            git(
                folder.path(),
                &["init", "--quiet", "--bare", "--initial-branch=main", name],
            )?;
        }
        git(folder.path(), &["clone", "--quiet", "origin", "checkout"])?;
        let project = Self {
            folder,
            version: "release-1.2.3".parse()?,
        };
        for file in FILES {
            project.write(file, "no release\n")?;
        }
        project.write("CHANGELOG.md", CHANGELOG)?;
        project.write("target/dist/SHA256SUMS", "")?;
        project.write(".gitignore", "target\n")?;
        project.commit("All of it")?;
        project.git(&["push", "--quiet", "origin", "HEAD:refs/heads/main"])?;
        Ok(project)
    }

    fn write(&self, file: &str, text: &str) -> Outcome {
        let path = self.checkout().join(file);
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        Ok(fs::write(path, text)?)
    }

    fn commit(&self, message: &str) -> Outcome {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", message])?;
        Ok(())
    }

    /// As `cargo xtask dist --manifest` does.
    fn write_manifest(&self) -> Outcome {
        FILES.iter().try_for_each(|file| self.write(file, "1.2.3\n"))
    }

    /// A fresh clone, as another run of the job has.
    fn again(&self, at: &str) -> Outcome {
        fs::remove_dir_all(self.checkout())?;
        git(self.folder.path(), &["clone", "--quiet", "origin", "checkout"])?;
        self.git(&["checkout", "--quiet", "--detach", at])?;
        self.write("target/dist/SHA256SUMS", "")
    }

    fn checkout(&self) -> std::path::PathBuf {
        self.folder.path().join("checkout")
    }

    fn git(&self, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        Ok(git(&self.checkout(), arguments)?.trim_end().to_owned())
    }

    /// What a name stands for in one of the two remote repositories, or nothing.
    fn at(&self, remote: &str, name: &str) -> Result<String, Box<dyn Error>> {
        let listed = git(
            &self.folder.path().join(remote),
            &["for-each-ref", "--format=%(objectname)", name],
        )?;
        Ok(listed.trim_end().to_owned())
    }

    fn repository(&self) -> Repository {
        Repository::at(&self.checkout())
    }

    /// A stand-in for gh, which knows these releases of 1.2.3 and writes down what it was asked to do.
    fn host(&self, listed: &str, immutable: bool) -> Result<Host, Box<dyn Error>> {
        let gh = self.folder.path().join("gh");
        fs::write(
            &gh,
            format!(
                "#!/bin/sh\ncase $1-$2 in\n\
                 release-list) echo '{listed}' ;;\n\
                 api-*) echo '{{\"immutable\": {immutable}}}' ;;\n\
                 *) echo \"$*\" >> {} ;;\n\
                 esac\n",
                self.folder.path().join("asked").display()
            ),
        )?;
        fs::set_permissions(&gh, fs::Permissions::from_mode(0o755))?;
        Ok(Host {
            gh,
            folder: self.checkout(),
        })
    }

    /// What was asked of gh, beside questions.
    fn asked(&self) -> String {
        fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default()
    }

    /// Brings the release to the point where only publishing is left.
    fn with_manifest() -> Result<Self, Box<dyn Error>> {
        let project = Self::new()?;
        project.write_manifest()?;
        commit_manifest(&project.repository(), &project.version)?;
        Ok(project)
    }
}

const DRAFT: &str = r#"[{"tagName":"v1.2.2","isDraft":false},{"tagName":"v1.2.3","isDraft":true}]"#;
const PUBLISHED: &str = r#"[{"tagName":"v1.2.3","isDraft":false}]"#;

fn refused(outcome: Outcome, reason: &str) {
    let error = outcome.map_err(|error| error.to_string()).err().unwrap_or_default();
    assert!(error.contains(reason), "{error:?} instead of {reason:?}");
}

#[test]
fn a_release_tag_has_three_numbers() {
    for wrong in [
        "1.0.0",
        "v1.0.0",
        "release-1.0",
        "release-1.0.0.0",
        "release-01.0.0",
        "release-1.0.+1",
        "release-1.0.0-rc.1",
    ] {
        let refusal = wrong.parse::<Version>().map_err(|error| error.to_string()).err();
        assert!(refusal.is_some_and(|text| text.contains("release-1.0.0")), "{wrong}");
    }
}

#[test]
fn the_notes_are_the_dated_section_of_the_changelog() {
    assert_eq!(
        changelog::section(CHANGELOG, "1.2.3").as_deref(),
        Ok("### Added\n\n- Everything.")
    );
    assert_eq!(changelog::section(CHANGELOG, "1.2.2").as_deref(), Ok("- Less."));
    for (number, text) in [
        ("1.2", CHANGELOG),
        ("1.0.0", "## 1.0.0\n\n- No date.\n"),
        ("1.0.0", "## 1.0.0 - 2026-02-30\n\n- No such day.\n"),
        (
            "1.0.0",
            "## 1.0.0 - 2026-02-20\n\n## 0.9.0 - 2026-01-01\n\n- Nothing of 1.0.0.\n",
        ),
    ] {
        let refusal = changelog::section(text, number).err().unwrap_or_default();
        assert!(refusal.contains(number), "{refusal:?}");
    }
}

#[test]
fn a_release_is_made_from_the_head_of_main() -> Outcome {
    let project = Project::new()?;
    let (repository, version) = (project.repository(), &project.version);
    check(&repository, version, "1.2.3")?;
    refused(check(&repository, version, "1.2.4"), "Cargo.toml says 1.2.4");

    project.write("more", "")?;
    project.commit("Something that main has not")?;
    refused(check(&repository, version, "1.2.3"), "from the head of main");

    project.git(&[
        "push",
        "--quiet",
        "origin",
        "HEAD:refs/heads/main",
        "HEAD:refs/tags/v1.2.3",
    ])?;
    refused(check(&repository, version, "1.2.3"), "v1.2.3 exists already");
    Ok(())
}

#[test]
fn a_draft_takes_the_place_of_an_earlier_one_but_never_of_a_release() -> Outcome {
    let project = Project::new()?;
    draft(&project.checkout(), &project.host(DRAFT, false)?, &project.version)?;
    let asked = project.asked();
    let (deleted, created) = asked.split_once('\n').ok_or("gh was asked one thing only")?;
    assert_eq!(deleted, "release delete v1.2.3 --yes");
    assert!(
        created.starts_with("release create v1.2.3 --draft --title 1.2.3 --notes-file "),
        "{created}"
    );
    assert!(created.trim_end().ends_with("/target/dist/SHA256SUMS"), "{created}");

    refused(
        draft(&project.checkout(), &project.host(PUBLISHED, true)?, &project.version),
        "stays as it is",
    );
    assert_eq!(project.asked(), asked);
    assert_eq!(project.host("[]", false)?.state(&project.version)?, State::Drafts(0));
    Ok(())
}

#[test]
fn the_manifest_becomes_main_and_the_version_together() -> Outcome {
    let project = Project::new()?;
    let released = project.at("origin", "refs/heads/main")?;
    refused(
        commit_manifest(&project.repository(), &project.version),
        "has not changed",
    );
    project.write_manifest()?;
    project.write("src/more.rs", "")?;
    refused(commit_manifest(&project.repository(), &project.version), "src/more.rs");
    fs::remove_file(project.checkout().join("src/more.rs"))?;

    commit_manifest(&project.repository(), &project.version)?;
    let tag = project.at("origin", "refs/tags/v1.2.3")?;
    assert_eq!(tag, project.at("origin", "refs/heads/main")?);
    assert_eq!(project.git(&["rev-parse", &format!("{tag}^")])?, released);
    assert_eq!(project.git(&["show", &format!("{tag}:{}", FILES[0])])?, "1.2.3");
    Ok(())
}

#[test]
fn a_manifest_that_was_pushed_is_pushed_no_second_time() -> Outcome {
    let project = Project::with_manifest()?;
    let tag = project.at("origin", "refs/tags/v1.2.3")?;
    project.again("HEAD^")?;
    project.write_manifest()?;
    commit_manifest(&project.repository(), &project.version)?;
    assert_eq!(project.at("origin", "refs/tags/v1.2.3")?, tag);

    project.again("HEAD^")?;
    project.write(FILES[0], "other binaries\n")?;
    refused(
        commit_manifest(&project.repository(), &project.version),
        "is something else",
    );
    assert_eq!(project.at("origin", "refs/tags/v1.2.3")?, tag);
    Ok(())
}

#[test]
fn when_main_has_moved_nothing_is_pushed() -> Outcome {
    let project = Project::new()?;
    project.write("more", "")?;
    project.commit("Meanwhile")?;
    project.git(&["push", "--quiet", "origin", "HEAD:refs/heads/main"])?;
    project.again("HEAD^")?;
    project.write_manifest()?;
    refused(commit_manifest(&project.repository(), &project.version), "git");
    assert_eq!(project.at("origin", "refs/tags/v1.2.3")?, "");
    Ok(())
}

#[test]
fn publishing_moves_the_major_tag() -> Outcome {
    let project = Project::with_manifest()?;
    let tag = project.at("origin", "refs/tags/v1.2.3")?;
    // Where 1.2.2 left it.
    project.git(&["push", "--quiet", "origin", "HEAD^:refs/tags/v1"])?;
    publish(&project.repository(), &project.host(DRAFT, true)?, &project.version)?;
    assert_eq!(
        project.asked(),
        "release edit v1.2.3 --verify-tag --draft=false --latest\n"
    );
    assert_eq!(project.at("origin", "refs/tags/v1")?, tag);

    publish(&project.repository(), &project.host(PUBLISHED, true)?, &project.version)?;
    assert_eq!(project.asked().lines().count(), 1, "published once");
    Ok(())
}

#[test]
fn a_branch_that_is_called_like_a_tag_is_no_tag() -> Outcome {
    let project = Project::with_manifest()?;
    let tag = project.at("origin", "refs/tags/v1.2.3")?;
    for name in ["v1.2.3", "v1"] {
        project.git(&[
            "push",
            "--quiet",
            "origin",
            &format!("HEAD^:refs/heads/refs/tags/{name}"),
        ])?;
    }
    let repository = project.repository();
    assert_eq!(repository.find("origin", "refs/tags/v1.2.3")?, Some(tag));
    assert_eq!(repository.find("origin", "refs/tags/v1")?, None);
    Ok(())
}

#[test]
fn the_first_release_makes_the_major_tag() -> Outcome {
    let project = Project::with_manifest()?;
    publish(&project.repository(), &project.host(DRAFT, true)?, &project.version)?;
    assert_eq!(
        project.at("origin", "refs/tags/v1")?,
        project.at("origin", "refs/tags/v1.2.3")?
    );
    Ok(())
}

#[test]
fn the_major_tag_never_goes_back() -> Outcome {
    let project = Project::with_manifest()?;
    project.write("more", "")?;
    project.commit("1.2.4")?;
    project.git(&["push", "--quiet", "origin", "HEAD:refs/tags/v1", "HEAD:refs/heads/main"])?;
    let later = project.at("origin", "refs/tags/v1")?;
    project.again("v1.2.3")?;
    publish(&project.repository(), &project.host(PUBLISHED, true)?, &project.version)?;
    assert_eq!(project.at("origin", "refs/tags/v1")?, later);
    Ok(())
}

#[test]
fn the_major_tag_stays_while_the_release_can_be_changed() -> Outcome {
    let project = Project::with_manifest()?;
    refused(
        publish(&project.repository(), &project.host(DRAFT, false)?, &project.version),
        "immutable releases",
    );
    refused(
        publish(&project.repository(), &project.host("[]", true)?, &project.version),
        "0 drafts",
    );
    assert_eq!(project.at("origin", "refs/tags/v1")?, "");
    Ok(())
}

#[test]
fn only_the_version_s_own_commit_is_published() -> Outcome {
    let project = Project::with_manifest()?;
    project.again("HEAD^")?;
    refused(
        publish(&project.repository(), &project.host(DRAFT, true)?, &project.version),
        "is not v1.2.3",
    );
    assert_eq!(project.asked(), "");
    Ok(())
}

#[test]
fn the_component_s_project_gets_its_folder_and_a_tag() -> Outcome {
    if !Path::new(output_of(Command::new("git").arg("--exec-path"))?.trim_end())
        .join("git-subtree")
        .exists()
    {
        eprintln!("skipped: this git has no subtree");
        return Ok(());
    }
    let project = Project::with_manifest()?;
    project.again("v1.2.3")?;
    let url = project.folder.path().join("gitlab");
    let url = url.to_str().ok_or("no UTF-8")?;
    for _ in ["once", "and again, which changes nothing"] {
        component(&project.repository(), &project.version, url)?;
        let tag = project.at("gitlab", "refs/tags/1.2.3")?;
        assert_eq!(tag, project.at("gitlab", "refs/heads/main")?);
        let files = git(Path::new(url), &["ls-tree", "-r", "--name-only", "1.2.3"])?;
        assert_eq!(files, "templates/asc-auth.yml\n");
    }

    // A tag that is there and is something else.
    project.git(&["push", "--quiet", "--force", url, "HEAD:refs/tags/1.2.3"])?;
    refused(
        component(&project.repository(), &project.version, url),
        "the component's 1.2.3 is",
    );
    Ok(())
}
