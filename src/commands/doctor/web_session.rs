//! The web session's file, if there is one: who else can use it, and whether it can be read at all. What is in it is
//! never told, and nobody is asked whether it has expired.

use super::{
    Patient,
    files::open_to_others,
    finding::{Check, Finding},
    repair::Closed,
};
use crate::{
    connect::{Root, Session},
    source::{Origin, fields},
    text::has_short_parts,
};

pub(super) fn check(patient: &Patient<'_>) -> Check {
    let mut check = Check::new("web_session");
    let given = patient.sources.text(&fields::WEB_SESSION);
    let Ok((origin, path)) = Session::place(given.clone(), patient.environment) else {
        check.line("not looked for, because the environment names no home directory");
        return check;
    };
    if origin == Origin::Default && !path.exists() {
        check.line("there is none");
        return check;
    }
    // What is no path may be the session itself.
    let told = match path.to_str().filter(|path| has_short_parts(path)) {
        Some(path) => path.to_owned(),
        None => format!("what {origin} names"),
    };
    let read = match Root::web(patient.sources.text(&fields::WEB_URL)) {
        Ok(root) => Some(Session::read(given, patient.environment, &root)),
        // What is wrong with the root is told where the variables are.
        Err(_) => None,
    };
    // A variable may name any file: the mode of one that is no session is its owner's affair.
    if origin == Origin::Default || matches!(read, Some(Ok(_))) {
        check.found(open_to_others("web_session_mode", Closed::SessionFile, &path, &told));
    }
    match read {
        Some(Err(error)) => {
            check.line("can't be used");
            check.found(Finding::advice("web_session_unusable", error.explain()));
        }
        Some(Ok(_)) => check.line(format!("{told}: can be read")),
        None => check.line(format!("{told}: not read, because the web root can't be used")),
    }
    check
}
