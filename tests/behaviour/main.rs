//! What asc-auth does, as its users see it: one module a behaviour, all of them against the real binary, most of
//! them against the simulator. Keys are made at run time. Nothing leaves loopback.
#![allow(unreachable_pub, reason = "the modules of one test binary share their helpers")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as its own lines do: by a panic that says why"
)]

mod support;

// The credential and where it comes from
mod auth_dir;
mod broken_config;
mod broken_profiles;
mod ids;
#[cfg(unix)]
mod key_variable;
#[cfg(target_os = "linux")]
mod keychain;
mod missing_values;
mod private_key_forms;
mod private_key_vectors;
mod profiles;
mod profiles_beside_environment;
#[cfg(target_os = "linux")]
mod profiles_in_keychain;
mod status;
mod strict_auth;
mod token_reuse;
mod tokens;
mod wrong_arguments;

// Stored profiles
#[cfg(unix)]
mod config_file;
#[cfg(unix)]
mod login;
#[cfg(target_os = "linux")]
mod login_keychain;
#[cfg(unix)]
mod login_one_name;
#[cfg(unix)]
mod login_refusals;
#[cfg(target_os = "linux")]
mod login_terminal;
#[cfg(unix)]
mod logout;
#[cfg(unix)]
mod switch;

// Team keys
#[cfg(unix)]
mod key_create;
#[cfg(unix)]
mod key_create_faults;
#[cfg(unix)]
mod key_create_refusals;
#[cfg(unix)]
mod key_create_rescue;
#[cfg(unix)]
mod key_create_resumed;
#[cfg(unix)]
mod key_kill;
#[cfg(unix)]
mod key_list;
#[cfg(unix)]
mod key_publish;
#[cfg(unix)]
mod key_revoke;
#[cfg(unix)]
mod key_rotate;
#[cfg(unix)]
mod key_rotate_faults;
#[cfg(unix)]
mod web_session;

// What is wrong, and its repair
mod doctor;
#[cfg(unix)]
mod doctor_fix;
#[cfg(target_os = "linux")]
mod doctor_orphans;
mod doctor_profiles;
mod doctor_repository;
#[cfg(unix)]
mod doctor_session;

// Apple's answers and the network
mod clock;
#[cfg(unix)]
mod herd;
mod network_faults;
mod policies;
mod refusals;
mod retries;

// What can be known
mod capabilities;
mod completions;
mod inspect;
mod roles;
#[cfg(target_os = "linux")]
mod tables;

// The hand-over
mod azure;
mod cleanup;
mod conventions;
#[cfg(target_os = "linux")]
mod core_dumps;
#[cfg(unix)]
mod env_file;
#[cfg(unix)]
mod exec;
#[cfg(unix)]
mod exec_process;
#[cfg(target_os = "linux")]
mod exec_terminal;
mod github_handoff;
#[cfg(unix)]
mod job_directory;
mod leaks;
mod main_job;
#[cfg(target_os = "linux")]
mod memory;
mod private_directory;

// Whatever befalls
#[cfg(unix)]
mod fault_matrix;
#[cfg(unix)]
mod kill_matrix;

// What the pages say
mod docs;
