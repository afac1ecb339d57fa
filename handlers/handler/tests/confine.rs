//! The wrapper of tool servers, as the handler starts it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use azimuth_mcp::confine::walls::Offer;

fn confine(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handler"));
    command.arg("confine").args(words);
    // Open until the command ends: a closed input ends it.
    let (_keep, input) = std::io::pipe().unwrap();
    command.stdin(Stdio::from(input)).output().unwrap()
}

#[test]
fn words_before_the_command_are_walls_and_those_behind_it_are_its_own() {
    let plain = confine(&["--", "/bin/echo", "--dir", "-x", "--", "$HOME"]);
    assert_eq!(plain.stdout, b"--dir -x -- $HOME\n", "{plain:?}");

    let own = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let offer = Offer::of_this_kernel();
    let dir = own.path().to_str().unwrap();
    let file = other.path().join("x").display().to_string();
    let script = format!("echo a > {dir}/x && echo b > {file}");
    let walled = confine(&["--dir", dir, "--", "/bin/sh", "-c", &script]);
    assert!(
        Path::new(dir).join("x").exists() || !offer.files,
        "{walled:?}"
    );
    assert!(!Path::new(&file).exists());
    println!(
        "files are {}",
        if offer.files { "enforced" } else { "advisory" }
    );
    // Where the kernel cannot do it, nothing runs that was to be walled.
    assert_ne!(walled.status.code(), Some(0));
}

#[test]
fn walls_that_are_none_start_nothing() {
    for words in [
        &["--walls", "x", "--", "/bin/echo", "ran"][..],
        &["--proxy-port", "70000", "--", "/bin/echo", "ran"],
        &["--dir", "/nowhere/at/all", "--", "/bin/echo", "ran"],
    ] {
        let refused = confine(words);
        assert_eq!(refused.status.code(), Some(127), "{refused:?}");
        assert!(refused.stdout.is_empty(), "{refused:?}");
    }
}
