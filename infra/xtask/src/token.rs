use crate::dev::DevDescription;
use crate::failure::Failure;
use crate::http_request;
use crate::repository::Repository;

use std::path::Path;

/// Prints an access token of a sandbox user, alone, on stdout.
pub async fn token(
    repository: &Repository,
    user: &str,
    data: Option<&Path>,
) -> Result<(), Failure> {
    let data = repository.data(data)?;
    let start_one = format!("Start one: cargo xtask dev --data {}", data.display());
    let Some(running) = DevDescription::read(&data)? else {
        return Err(Failure::refused(
            format!("nothing runs in {}", data.display()),
            start_one,
        ));
    };
    println!("{}", of(&running, user, &start_one).await?);
    Ok(())
}

/// An access token of a sandbox user; `start_one` is the advice where nothing answers.
pub async fn of(running: &DevDescription, user: &str, start_one: &str) -> Result<String, Failure> {
    let order = serde_json::json!({"user": user}).to_string();
    let answer = http_request::post_json(&running.sandbox, "/sandbox/token", &order)
        .await
        .map_err(|error| {
            Failure::refused(
                format!(
                    "the sandbox at {} does not answer: {error}",
                    running.sandbox
                ),
                format!("It was left behind by a run that ended. {start_one}"),
            )
        })?;
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, body["access_token"].as_str()) {
        (200, Some(token)) => Ok(token.to_owned()),
        _ => Err(Failure::refused(
            format!(
                "the sandbox gives no token for {user:?} ({}): {}",
                answer.status,
                body["error"].as_str().unwrap_or("no reason given")
            ),
            "Its users: alice, bob, carol, dave, eve.",
        )),
    }
}
