//! What operations cost, in request units.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use azure_core::http::Context;
use azure_data_cosmos::diagnostics::{
    CosmosOperationContext, DiagnosticsContext, DiagnosticsHandler,
};

/// A kind of operation: `conversations`, `create_item`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// The container.
    pub container: String,
    /// What was done, by the SDK's name of it.
    pub operation: String,
}

/// What the operations of one kind have cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Charge {
    /// How many there were; each page of a query is one.
    pub operations: u64,
    /// Request units of all of them, refused ones and retries included.
    pub request_units: f64,
}

/// Counts every operation of one client.
#[derive(Debug, Default)]
pub struct Charges {
    by_kind: Mutex<BTreeMap<Kind, Charge>>,
}

impl Charges {
    /// The counts as they are now.
    pub fn by_kind(&self) -> BTreeMap<Kind, Charge> {
        self.lock().clone()
    }

    fn add(&self, kind: Kind, request_units: f64) {
        let mut by_kind = self.lock();
        let charge = by_kind.entry(kind).or_default();
        charge.operations += 1;
        charge.request_units += request_units;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Kind, Charge>> {
        // A count is never half written.
        self.by_kind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiagnosticsHandler for Charges {
    fn handle(&self, diagnostics: &DiagnosticsContext, context: &Context<'_>) {
        let operation = context.value::<CosmosOperationContext>();
        let name = |name: Option<&str>| name.unwrap_or("other").to_owned();
        let kind = Kind {
            container: name(operation.and_then(|o| o.container_name())),
            operation: name(operation.and_then(|o| o.operation_name())),
        };
        self.add(kind, diagnostics.total_request_charge().value());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_add_up_by_kind() {
        let charges = Charges::default();
        let kind = |operation: &str| Kind {
            container: "audit".to_owned(),
            operation: operation.to_owned(),
        };
        charges.add(kind("create_item"), 5.5);
        charges.add(kind("create_item"), 1.0);
        charges.add(kind("query_items"), 2.5);
        let expected = |operations, request_units| Charge {
            operations,
            request_units,
        };
        assert_eq!(
            charges.by_kind(),
            BTreeMap::from([
                (kind("create_item"), expected(2, 6.5)),
                (kind("query_items"), expected(1, 2.5)),
            ])
        );
    }
}
