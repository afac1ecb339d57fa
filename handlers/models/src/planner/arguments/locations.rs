//! Azure regions by the names that people use.

use std::collections::HashMap;
use std::sync::LazyLock;

use azimuth_domain::search::is_hangul;

/// The region that a change goes to when its tool needs one and the person
/// named none. It is said in the answer and stands in the approval.
pub const DEFAULT_LOCATION: &str = "koreacentral";

/// Names without spaces, in lower case, to the programmatic name.
static LOCATIONS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for line in include_str!("locations.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
    {
        let mut columns = line.split('\t');
        if let Some(region) = columns.next().filter(|r| !r.is_empty()) {
            names.insert(region.to_owned(), region);
            names.extend(columns.map(|name| (compact(name), region)));
        }
    }
    names
});

/// Words that a name is made of at most ("South Central US", "미국 서부 2").
const MAX_WORDS: usize = 3;

fn compact(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_lowercase()
}

/// The first region that `text` names, with the bytes where it stands.
pub fn location(text: &str) -> Option<(&'static str, std::ops::Range<usize>)> {
    let words = words(text);
    for start in 0..words.len() {
        for length in (1..=MAX_WORDS.min(words.len() - start)).rev() {
            let window = &words[start..start + length];
            let name: String = window.iter().map(|(word, _)| word.to_lowercase()).collect();
            let range = window[0].1..window[length - 1].1 + window[length - 1].0.len();
            if let Some(region) = LOCATIONS.get(&name) {
                return Some((region, range));
            }
            if let Some(region) = without_particle(&name).and_then(|name| LOCATIONS.get(name)) {
                return Some((region, range));
            }
        }
    }
    None
}

/// Words and where they begin. Letters of the two scripts are different words:
/// `koreacentral에`.
fn words(text: &str) -> Vec<(&str, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    let mut hangul = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let belongs = c.is_alphanumeric() || c == '-' || c == '_';
        if let Some(from) = start
            && (!belongs || is_hangul(c) != hangul)
        {
            words.push((&text[from..at], from));
            start = None;
        }
        if belongs && start.is_none() {
            start = Some(at);
            hangul = is_hangul(c);
        }
    }
    words
}

fn without_particle(name: &str) -> Option<&str> {
    [
        "에서의",
        "에서",
        "으로",
        "에다",
        "에",
        "로",
        "의",
        "는",
        "은",
        "이",
        "가",
        "을",
        "를",
    ]
    .iter()
    .find_map(|particle| name.strip_suffix(particle))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn regions_are_found_by_their_names() {
        for (text, expected) in [
            ("in koreacentral", Some("koreacentral")),
            ("in Korea Central please", Some("koreacentral")),
            ("KOREACENTRAL에 만들어줘", Some("koreacentral")),
            ("한국 중부에 만들어줘", Some("koreacentral")),
            ("한국중부", Some("koreacentral")),
            ("East US 2", Some("eastus2")),
            ("east us", Some("eastus")),
            ("미국 서부 2에", Some("westus2")),
            ("서울로", Some("koreacentral")),
            ("in rg-koreacentral", None),
            ("korea", None),
            ("", None),
        ] {
            assert_eq!(location(text).map(|(region, _)| region), expected, "{text}");
        }
    }

    #[test]
    fn the_place_of_the_name_is_told() {
        let text = "create it in Korea Central now";
        let (_, range) = location(text).unwrap();
        assert_eq!(&text[range], "Korea Central");
    }
}
