//! `asc-auth capabilities`: show which groups of endpoints this key can reach.

use serde::Serialize;

use super::{
    options,
    validate::{line, lines_of},
};
use crate::{
    cli::CapabilitiesArgs,
    connect::{Capability, Client, Reach, Root, VendorNumber, block_on, survey},
    credential::IssuerId,
    error::Error,
    explanation::Fact,
    report::{Cell, Console, Table, Tone},
    source::{AuthDir, Environment, Resolved, Sources},
    token::{Lifetime, TokenRequest},
};

/// The exit code if another try may tell more.
const TRY_AGAIN: u8 = 20;

#[derive(Serialize)]
struct Surveyed<'a> {
    key_id: &'a str,
    key_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_id: Option<&'a str>,
    /// A URL.
    api_root: String,
    capabilities: &'a [Capability],
    /// Whether another try may tell more.
    incomplete: bool,
    facts: Vec<Fact>,
    notes: &'a [String],
    warnings: &'a [String],
}

/// Resolves the credential, lets Apple recognise it, asks every group of endpoints at once, and shows what came back.
/// Ends with 20 if one of them could not be told for a reason that may pass.
pub(super) fn run(args: &CapabilitiesArgs, environment: &Environment, console: Console) -> Result<u8, Error> {
    let flags = args.flags();
    let sources = Sources::new(&flags, false, environment)?.with_auth_dir();
    let auth_dir = AuthDir::named(&sources)?;
    let (root, audience) = options::api_root(&sources, args.credential.in_house, auth_dir.as_ref())?;
    let vendor = args.vendor_number.as_deref().map(vendor_number).transpose()?;
    let budget = args.timeout.budget()?;
    let request = TokenRequest::new(Lifetime::BRIEF, Vec::new(), audience)?;
    let resolved = options::resolve(&sources, auth_dir.as_ref(), console)?;
    resolved.check_key()?;

    options::warn_of_root(&root, console);
    let mut mint = options::masked_mint(&resolved, &request, console);
    let survey = block_on(async {
        let mut client = Client::new(root.clone(), budget)?;
        survey(&mut client, &resolved, vendor.as_ref(), &mut mint).await
    })??;
    options::warn_of_skew(survey.skew, console);
    let incomplete = survey.capabilities.iter().any(is_transient);
    show(
        &resolved,
        &root,
        &survey.capabilities,
        vendor.is_some(),
        incomplete,
        console,
    )?;
    Ok(if incomplete { TRY_AGAIN } else { 0 })
}

fn vendor_number(text: &str) -> Result<VendorNumber, Error> {
    VendorNumber::parse(text.trim()).ok_or_else(|| Error::Usage {
        what: "--vendor-number is no vendor number".to_owned(),
        advice: "It is digits alone, usually eight of them: see App Store Connect → Payments and Financial Reports."
            .to_owned(),
    })
}

fn is_transient(capability: &Capability) -> bool {
    matches!(capability.reach, Reach::Unknown { transient: true, .. })
}

fn show(
    resolved: &Resolved,
    root: &Root,
    capabilities: &[Capability],
    with_reports: bool,
    incomplete: bool,
    console: Console,
) -> Result<(), Error> {
    if console.is_json() {
        let credential = &resolved.credential;
        return console.json(&Surveyed {
            key_id: credential.key_id.as_str(),
            key_type: credential.kind.name(),
            issuer_id: credential.kind.issuer_id().map(IssuerId::as_str),
            api_root: root.to_string(),
            capabilities,
            incomplete,
            facts: resolved.facts(),
            notes: &resolved.notes,
            warnings: &resolved.warnings,
        });
    }
    let mut lines = lines_of(resolved);
    lines.extend(root.unless_apple().map(|root| line("API root", &root)));
    console.report("App Store Connect: what this key can reach", &lines);
    let mut table = Table::new(["Endpoint group", "Result", "Suggests"]);
    for capability in capabilities {
        let (result, suggests) = words(capability);
        table.row([Cell::from(capability.group), result, Cell::from(suggests)]);
    }
    console.table(&table)?;
    if !with_reports {
        console.note("Reports were not asked for: give --vendor-number.");
    }
    Ok(())
}

fn words(capability: &Capability) -> (Cell, String) {
    match &capability.reach {
        Reach::Reachable => (Cell::new("reachable", Tone::Good), capability.suggests.to_owned()),
        Reach::Forbidden => (
            Cell::new("forbidden", Tone::Bad),
            format!("not {}", capability.suggests),
        ),
        Reach::Agreement => (
            Cell::new("agreement", Tone::Doubtful),
            "the Account Holder must sign in App Store Connect → Business".to_owned(),
        ),
        Reach::Unknown { reason, transient } => (
            Cell::new("unknown", Tone::Doubtful),
            format!("{reason}{}", if *transient { "; try again" } else { "" }),
        ),
    }
}
