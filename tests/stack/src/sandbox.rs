//! The sandbox Azure, and what is asked at its control port.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Connection, Request};
use crate::failure::{Done, Failure};
use crate::programs::Program;

/// A running sandbox. Dropping it ends it.
#[derive(Debug)]
pub struct Sandbox {
    program: Program,
    /// Its `sandbox.json`.
    pub description: Value,
}

impl Sandbox {
    /// Starts `azimuth-sandbox` of the folder `programs` with its state in
    /// `folder/sandbox`. `operation_ms`: how long Azure's long operations take.
    pub async fn start(programs: &Path, folder: &Path, operation_ms: u32) -> Done<Self> {
        let data = folder.join("sandbox");
        fs::create_dir(&data).map_err(Failure::file(&data))?;
        let mut command = Command::new(programs.join("azimuth-sandbox"));
        command
            .arg("--data")
            .arg(&data)
            .args(["--operation-ms", &operation_ms.to_string()])
            .arg("--until-stdin-eof");
        let mut program = Program::start("sandbox", command, &folder.join("sandbox.log"))?;
        let description = program.wrote(&data.join("sandbox.json")).await?;
        Ok(Self {
            program,
            description,
        })
    }

    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// A token of one of its people and the token's claims; with another `oid` that
    /// of somebody whom the sandbox does not know.
    pub async fn token(&self, name: &str, oid: Option<&str>) -> Done<(String, Value)> {
        let order = json!({"user": name});
        let mut answer = self.post("/sandbox/token", &order).await?;
        let mut claims = answer["claims"].take();
        if let Some(oid) = oid {
            claims["oid"] = oid.into();
            let order = json!({"header": answer["header"], "claims": claims});
            answer = self.post("/sandbox/token", &order).await?;
        }
        match answer["access_token"].as_str() {
            Some(token) => Ok((token.to_owned(), claims)),
            None => Err(Failure::answer("the sandbox", answer)),
        }
    }

    /// `GET` at the control port.
    pub async fn get(&self, path: &str) -> Done<Value> {
        self.ask("GET", path, "").await
    }

    /// `POST` at the control port.
    pub async fn post(&self, path: &str, order: &Value) -> Done<Value> {
        self.ask("POST", path, &order.to_string()).await
    }

    async fn ask(&self, method: &'static str, path: &str, body: &str) -> Done<Value> {
        let control = address(&self.description, "control")?;
        let mut connection = Connection::open(control).await?;
        let (status, answer) = connection
            .call(&Request {
                method,
                path,
                headers: &[],
                body,
            })
            .await?;
        if !(200..300).contains(&status) {
            let answer = String::from_utf8_lossy(&answer);
            return Err(Failure::answer(path, format!("{status} {answer}")));
        }
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }
}

/// `http://ADDRESS` in a field.
pub fn address(value: &Value, field: &str) -> Done<SocketAddr> {
    let text = value[field].as_str().unwrap_or_default();
    let text = text.strip_prefix("http://").unwrap_or(text);
    text.trim_end_matches('/')
        .parse()
        .map_err(|_| Failure::answer(field, format!("{text:?} is no address")))
}
