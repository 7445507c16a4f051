//! The page's Rust, compiled for the browser, and the JavaScript that calls it, which wasm-bindgen writes.
//!
//! wasm-bindgen is linked in: its version and that of the workspace's crate of this name must be the same, and
//! Cargo.lock keeps both.

use std::{error::Error, fs, path::Path, time::Duration};

use wasm_bindgen_cli_support::Bindgen;

use crate::{
    build::target_directory,
    process::run,
    reproducible::{INSTALL_LIMIT, Toolchain},
};

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "asc-auth-web";

/// Two cores that compile everything.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The module, and what calls it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) wasm: Vec<u8>,
    /// A script, no module, which defines `wasm_bindgen` alone.
    pub(super) glue: String,
}

/// Builds the page's crate. In a folder of its own within cargo's target directory, because of the flags.
pub(super) fn build(root: &Path) -> Result<Bound, Box<dyn Error>> {
    let rust = Toolchain::found()?;
    rust.add_target(TARGET)?;
    let folder = target_directory(root)?.join("wasm");
    // The folders of crates are known when they are there.
    run(
        rust.cargo(&folder)
            .args(["fetch", "--quiet", "--locked", "--target", TARGET])
            .current_dir(root),
        INSTALL_LIMIT,
    )?;
    let hidden = rust.hidden_paths(root, &folder)?;
    run(
        rust.cargo(&folder)
            .args([
                "build",
                "--release",
                "--locked",
                "--package",
                PACKAGE,
                "--target",
                TARGET,
            ])
            .env("CARGO_ENCODED_RUSTFLAGS", hidden.rust_flags().join("\u{1f}"))
            // wasm-bindgen reads a section that stripping takes away, and takes the names away itself.
            .env("CARGO_PROFILE_RELEASE_STRIP", "none")
            .current_dir(root),
        BUILD_LIMIT,
    )?;
    let module = format!("{}.wasm", PACKAGE.replace('-', "_"));
    let bound = bind(&folder.join(TARGET).join("release").join(module))?;
    hidden.refuse_in(&bound.wasm)?;
    Ok(bound)
}

fn bind(module: &Path) -> Result<Bound, Box<dyn Error>> {
    let mut output = Bindgen::new()
        .input_bytes("asc_auth_web", fs::read(module)?)
        .no_modules(true)?
        .typescript(false)
        // The page hands over the bytes that it holds; there is nothing to fetch.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    Ok(Bound {
        wasm: output.wasm_mut().emit_wasm(),
        glue: output.js().to_owned(),
    })
}
