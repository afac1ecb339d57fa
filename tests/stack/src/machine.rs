//! On what the figures were taken.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_gb: f64,
    pub kernel: String,
    pub file_system: String,
    pub load_before: String,
    pub commit: String,
}

impl Machine {
    /// `folder` is where the databases lie, `root` the repository.
    pub fn describe(folder: &Path, root: &Path) -> Self {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let value = |text: &str, name: &str| -> String {
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib = value(&memory, "MemTotal");
        let kib = kib.split(' ').next().and_then(|n| n.parse::<f64>().ok());
        Self {
            cpu: value(&cpus, "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gb: kib.unwrap_or_default() * 1024.0 / 1e9,
            kernel: first_line("/proc/sys/kernel/osrelease"),
            file_system: file_system(folder),
            load_before: first_line("/proc/loadavg"),
            commit: commit(root),
        }
    }
}

fn first_line(file: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

/// The mount that holds `folder`: the longest that it begins with.
fn file_system(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let (device, place, kind) = (fields.next()?, fields.next()?, fields.next()?);
            folder
                .starts_with(place)
                .then(|| (place.len(), format!("{kind} on {device}")))
        })
        .max()
        .map_or_else(String::new, |(_, told)| told)
}

fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(root)
            .output();
        let text = output.map(|o| o.stdout).unwrap_or_default();
        String::from_utf8_lossy(&text).trim().to_owned()
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    let mark = if changed.is_empty() { "" } else { "+changes" };
    format!("{}{mark}", git(&["rev-parse", "--short=12", "HEAD"]))
}
