//! What `dev` prints when everything is ready. It goes to stdout, for people and
//! scripts.

use std::path::Path;

use super::sandbox::SandboxDescription;

pub struct Announcement<'a> {
    pub sandbox: &'a SandboxDescription,
    /// The host's origin.
    pub api: &'a str,
    /// The portal's origin; `None` without a portal.
    pub portal: Option<&'a str>,
    /// `--data`, where it was given.
    pub data: Option<&'a Path>,
}

/// The line that scripts wait for is the last one.
pub fn announce(said: &Announcement<'_>) {
    let token = match said.data {
        None => "cargo xtask token --user alice".to_owned(),
        Some(data) => format!("cargo xtask token --user alice --data {}", data.display()),
    };
    let api = format!("{}/api", said.api);
    println!("Sandbox accounts (this is no real Azure, and there are no passwords):");
    print!("{}", said.sandbox.accounts());
    println!();
    println!("The API in another terminal:");
    println!("  TOKEN=$({token})");
    println!("  curl -H \"Authorization: Bearer $TOKEN\" {api}/v1/me");
    println!();
    println!("Ctrl-C ends everything.");
    println!("api {api}");
    println!("ready {}", said.portal.unwrap_or(&api));
}
