//! The titles of the portal's tests, in a browser and without one.

use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// Where they are, below the root, and how their files end.
const PLACES: [(&str, &[&str]); 2] = [
    ("tests/portal", &[".test.mjs"]),
    ("static-web/src", &[".test.ts", ".test.tsx"]),
];

/// What declares a test.
const RUNNERS: [&str; 4] = ["its.test(", "it(", "test(", "it.each("];

/// A title, in the pieces between what is filled in when it runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Title(Vec<String>);

impl Title {
    /// Whether the runner can print this.
    pub fn fits(&self, printed: &str) -> bool {
        let Some((first, rest)) = self.0.split_first() else {
            return false;
        };
        let Some(mut left) = printed.strip_prefix(first.as_str()) else {
            return false;
        };
        let Some((last, between)) = rest.split_last() else {
            return left.is_empty();
        };
        for piece in between {
            match left.split_once(piece.as_str()) {
                Some((_, after)) => left = after,
                None => return false,
            }
        }
        left.ends_with(last.as_str())
    }
}

/// The titles of every test below `root`.
pub fn read(root: &Path) -> Result<Vec<Title>, Failure> {
    let mut titles = Vec::new();
    for (place, ends) in PLACES {
        let mut folders = vec![root.join(place)];
        while let Some(folder) = folders.pop() {
            let because = || Failure::file("read", &folder);
            for entry in fs::read_dir(&folder).map_err(because())? {
                let path = entry.map_err(because())?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if path.is_dir() && name != "node_modules" {
                    folders.push(path);
                } else if ends.iter().any(|end| name.ends_with(end)) {
                    let text = fs::read_to_string(&path).map_err(Failure::file("read", &path))?;
                    titles.extend(text.lines().filter_map(title));
                }
            }
        }
    }
    Ok(titles)
}

/// The title of the test that this line declares.
fn title(line: &str) -> Option<Title> {
    let line = line.trim_start();
    let after = RUNNERS
        .iter()
        .find_map(|runner| line.strip_prefix(runner))?;
    let quote = after
        .chars()
        .next()
        .filter(|c| ['"', '\'', '`'].contains(c))?;
    let text = after[1..].split(quote).next()?;
    let mut pieces = vec![String::new()];
    let mut left = text;
    while let Some((before, after)) = left.split_once("${") {
        pieces.last_mut()?.push_str(before);
        pieces.push(String::new());
        left = after.split_once('}')?.1;
    }
    pieces.last_mut()?.push_str(left);
    Some(Title(pieces))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_title_fits_what_the_runner_prints_and_nothing_else() {
        let plain = title("  its.test(\"stops a running answer\", async (scene) => {").unwrap();
        assert!(plain.fits("stops a running answer"));
        for other in [
            "stops a running",
            "stops a running answer.",
            "a running answer",
            "",
        ] {
            assert!(!plain.fits(other), "{other}");
        }
        let filled = title("it(`asks in ${language}, and sees ${what} too`, () => {").unwrap();
        assert!(filled.fits("asks in ko, and sees it too"));
        assert!(!filled.fits("asks in ko, and sees it"));
        assert!(!filled.fits("asks in ko and sees it too"));
        assert_eq!(title("describe(\"alice\", () => {"), None);
        assert_eq!(title("its.test(name, run);"), None);
    }
}
