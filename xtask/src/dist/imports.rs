//! What a binary asks of the system that it runs on. A release asks for nothing that a bare system lacks, and for
//! nothing from the wrong library: what can't be run where it is built is known to start nonetheless.

use object::{File, Object, read::NameOrOrdinal};

use super::target::Target;
use crate::Outcome;

const SECURITY: &str = "/System/Library/Frameworks/Security.framework/Versions/A/Security";
const CORE_FOUNDATION: &str = "/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation";
const SYSTEM: &str = "/usr/lib/libSystem.B.dylib";
const ICONV: &str = "/usr/lib/libiconv.2.dylib";

/// Part of Windows. Not among them: the libraries of a compiler.
const WINDOWS: [&str; 7] = [
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "crypt32.dll",
    "kernel32.dll",
    "ntdll.dll",
    "ws2_32.dll",
];

/// Fails unless everything that the binary asks for is where it is looked for.
pub(super) fn check(binary: &[u8], target: &Target) -> Outcome {
    let file = File::parse(binary)?;
    for library in file.import_libraries()? {
        let library = String::from_utf8_lossy(library?.name()).into_owned();
        if !is_of_the_system(&library, target) {
            return Err(format!("the binary for {} asks for {library}", target.triple()).into());
        }
    }
    for import in file.imports()? {
        let import = import?;
        let library = String::from_utf8_lossy(import.library());
        let NameOrOrdinal::Name(name) = import.name() else {
            continue;
        };
        let name = String::from_utf8_lossy(name);
        if target.is_macos() && library_of(&name) != library {
            return Err(format!("the binary for {} looks for {name} in {library}", target.triple()).into());
        }
    }
    Ok(())
}

fn is_of_the_system(library: &str, target: &Target) -> bool {
    if target.is_windows() {
        let library = library.to_ascii_lowercase();
        library.starts_with("api-ms-win-") || WINDOWS.contains(&library.as_str())
    } else if target.is_macos() {
        [SECURITY, CORE_FOUNDATION, SYSTEM, ICONV].contains(&library)
    } else {
        // Static: it asks for nothing.
        false
    }
}

/// Where macOS has a symbol: Apple names them by their framework.
fn library_of(symbol: &str) -> &'static str {
    let is = |prefixes: [&str; 2]| prefixes.iter().any(|prefix| symbol.starts_with(prefix));
    if is(["_Sec", "_kSec"]) {
        SECURITY
    } else if is(["_CF", "_kCF"]) {
        CORE_FOUNDATION
    } else {
        SYSTEM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(library: &str, target: &str) -> bool {
        is_of_the_system(library, Target::named(target).unwrap())
    }

    #[test]
    fn a_library_of_the_compiler_is_not_the_systems() {
        assert!(asks("KERNEL32.dll", "x86_64-pc-windows-gnu"));
        assert!(asks("api-ms-win-crt-heap-l1-1-0.dll", "aarch64-pc-windows-gnullvm"));
        assert!(!asks("libunwind.dll", "aarch64-pc-windows-gnullvm"));
        assert!(!asks("libgcc_s_seh-1.dll", "x86_64-pc-windows-gnu"));
    }

    #[test]
    fn a_static_binary_asks_for_nothing() {
        assert!(!asks("libc.so", "x86_64-unknown-linux-musl"));
    }

    #[test]
    fn a_symbol_is_looked_for_in_its_framework() {
        assert_eq!(library_of("_SecItemCopyMatching"), SECURITY);
        assert_eq!(library_of("_kSecClass"), SECURITY);
        assert_eq!(library_of("_CFRelease"), CORE_FOUNDATION);
        assert_eq!(library_of("_kCFBooleanTrue"), CORE_FOUNDATION);
        assert_eq!(library_of("_malloc"), SYSTEM);
    }
}
