//! Which read tells what a call would do, and what its answer tells.

use azimuth_domain::policy::Decision;
use azimuth_domain::preview::{Given, ReadPlan, Reading};
use azimuth_domain::tool::{Availability, EffectClass, ToolRef, ToolSpec};
use azimuth_domain::turn::{ToolCall, Turn};
use azimuth_ports::tools::CallOutput;
use serde_json::Value;

use super::decide::{Standing, Wanted};
use crate::turn::Engine;

impl Engine {
    /// The read that tells what a call of `spec` with these arguments would do: where
    /// the catalogue names one, and only if it is nothing but a read that the asker
    /// may make without asking anybody.
    pub(crate) fn plan_read(
        &self,
        standing: &Standing,
        wanted: Wanted<'_>,
        spec: &ToolSpec,
        arguments: &Value,
    ) -> Option<ReadPlan> {
        let rule = spec.preview.as_ref()?;
        let class = spec.classify(arguments);
        if class.effect == EffectClass::ReadOnly || class.secret {
            return None;
        }
        let read = standing
            .catalogue
            .get(&ToolRef::new(&spec.tool.server, &rule.read))?;
        let read_arguments = rule.read_arguments(arguments);
        let reads = read.classify(&read_arguments);
        let usable = read.availability == Availability::Enabled
            && reads.effect == EffectClass::ReadOnly
            && !reads.secret
            && self.argument_schemas().check(read, &read_arguments).is_ok()
            && self.decide_call(standing, wanted, read, &read_arguments) == Decision::Allow;
        usable.then(|| ReadPlan {
            tool: read.tool.clone(),
            target: read.target(&read_arguments),
            tool_hash: read.hash.clone(),
            arguments: read_arguments,
        })
    }

    /// What a read of ours tells about its call; `None` when `read` is no such read.
    pub(crate) fn reading(
        &self,
        turn: &Turn,
        read: &ToolCall,
        output: Option<&CallOutput>,
    ) -> Option<Reading> {
        let about = turn.call(&read.purpose.as_ref()?.of)?;
        let catalogue = self.catalogues().last(&turn.asker.user.tid);
        let rule = catalogue.get(&about.tool).and_then(|s| s.preview.as_ref());
        let (Some(rule), Some(output)) = (rule, output) else {
            return Some(Reading::Nothing);
        };
        let given = Given {
            is_error: output.is_error,
            status: output.status,
            bytes: &output.bytes,
        };
        Some(rule.read(&about.arguments, about.target.as_deref(), given))
    }
}
