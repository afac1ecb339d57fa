//! The product never carries Microsoft's Cosmos DB emulator, however it is built.

use crate::failure::Failure;
use crate::repository::Repository;

/// The crate that holds it, and the feature that lets it in.
const CRATE: &str = "azure_data_cosmos_driver";
const FEATURE: &str = "__internal_in_memory_emulator";

/// Of a build of the whole workspace, which has the features of every smaller one.
pub fn findings(repository: &Repository) -> Result<Vec<String>, Failure> {
    let crates = repository.crates("{p} {f}", &["--workspace"])?;
    Ok(carried(&crates))
}

/// `name v1.2.3 one,two` in each line.
fn carried(tree: &str) -> Vec<String> {
    let features = tree
        .lines()
        .filter_map(|line| line.strip_prefix(CRATE)?.strip_prefix(" v"))
        .filter_map(|rest| rest.split_once(' '))
        .map(|(_, features)| features.trim_end_matches(" (*)"));
    let mut all: Vec<&str> = features.collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
        .filter(|features| features.split(',').any(|feature| feature == FEATURE))
        .map(|_| format!("{CRATE} has the feature {FEATURE} in a build of the workspace"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_is_found_in_whatever_company() {
        let of = |features: &str| {
            format!("azimuth-azure v0.1.0 (/r)\n{CRATE} v1.0.0 {features}\nserde v1.0.0 default\n")
        };
        assert!(carried(&of("default,rustls")).is_empty());
        assert!(carried(&of("default,rustls (*)")).is_empty());
        for features in [FEATURE.to_owned(), format!("{FEATURE},rustls (*)")] {
            assert_eq!(carried(&of(&features)).len(), 1, "{features}");
        }
    }
}
