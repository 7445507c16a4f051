//! Links the static release binary small. Nothing is generated.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=link/without-unwinding.ld");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_ENV", "musl") && is("PROFILE", "release") {
        let here = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        for argument in [
            "-z,pack-relative-relocs",
            "--no-eh-frame-hdr",
            &format!("-T,{here}/link/without-unwinding.ld"),
        ] {
            println!("cargo:rustc-link-arg-bins=-Wl,{argument}");
        }
    }
}
