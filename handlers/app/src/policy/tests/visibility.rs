//! What is seen agrees with what may be called.

use std::time::Instant;

use azimuth_ports::tools::Catalogue;

use super::*;

fn sees(set: &PolicySet, role: Role, tool: &ToolSpec) -> bool {
    set.may_see(&[role].into(), tool)
}

#[test]
fn a_tool_is_seen_when_some_call_of_it_may_run() {
    let set = PolicySet::default_set().unwrap();
    let read = enabled(EffectClass::ReadOnly);
    let destroy = enabled(EffectClass::Destructive);
    assert!(sees(&set, Role::Reader, &read));
    assert!(!sees(&set, Role::Reader, &destroy));
    assert!(sees(&set, Role::Operator, &destroy));
    assert!(!set.may_see(&BTreeSet::new(), &read));

    let mut listing = read.clone();
    listing.argument_rules = vec![rule("secret", None, Some(true))];
    assert!(sees(&set, Role::Reader, &listing), "listing names works");

    let mut secret = read.clone();
    secret.secret = true;
    assert!(!sees(&set, Role::Admin, &secret));

    let mut power = destroy;
    power.argument_rules = vec![rule("dry-run", Some(EffectClass::ReadOnly), None)];
    assert!(sees(&set, Role::Reader, &power));

    for availability in [
        Availability::Unclassified,
        Availability::Changed,
        Availability::NeedsLocalMachine,
        Availability::SwitchedOff,
    ] {
        let tool = tool(EffectClass::ReadOnly, false, availability);
        assert!(!set.may_see(&Role::ALL.into(), &tool), "{availability:?}");
    }
}

/// 404 tools as the Azure MCP Server has them: mostly reads, some with rules.
fn catalogue(version: &str) -> Catalogue {
    let effects = [
        EffectClass::ReadOnly,
        EffectClass::ReadOnly,
        EffectClass::Mutating,
        EffectClass::Destructive,
    ];
    let tools = (0..404)
        .map(|n| {
            let mut tool = enabled(effects[n % 4]);
            tool.tool = ToolRef::new("azure", format!("tool_{n}"));
            if n % 10 == 0 {
                tool.argument_rules = vec![rule("secret", None, Some(true))];
            }
            tool
        })
        .collect();
    Catalogue {
        version: version.to_owned(),
        tools,
        ..Catalogue::default()
    }
}

#[test]
fn the_list_is_what_may_be_seen_and_is_made_once() {
    let set = PolicySet::default_set().unwrap();
    let tools = catalogue("1");
    let (reader, operator) = ([Role::Reader].into(), [Role::Operator].into());
    let seen = set.visible_tools(&reader, &tools);
    let expected: Vec<usize> = (0..404).filter(|n| n % 4 < 2).collect();
    assert_eq!(*seen, *expected);
    assert!(std::sync::Arc::ptr_eq(
        &seen,
        &set.visible_tools(&reader, &tools)
    ));
    assert_eq!(set.visible_tools(&operator, &tools).len(), 404);
    let mut changed = catalogue("1");
    changed.tools[0].availability = Availability::Changed;
    assert_eq!(set.visible_tools(&reader, &changed)[0], 1);
    let mut fewer = catalogue("2");
    fewer.tools.truncate(4);
    assert_eq!(*set.visible_tools(&reader, &fewer), [0, 1]);
}

#[test]
fn the_list_agrees_with_every_tool_s_own_answer_also_where_a_policy_names_one() {
    let forbids = |what: &str| {
        format!(
            r#"@id("one") @reason("not_permitted") forbid (principal, action in Azimuth::Action::"use", resource{what};"#
        )
    };
    let by_name = forbids(r#") when { resource.name == "tool_4" }"#);
    let by_server = forbids(r#") unless { resource.server like "az*" }"#);
    let by_id = forbids(r#" == Azimuth::Tool::"azure/tool_4")"#);
    let by_set = forbids(r#") when { ["tool_4", "tool_8", "none"].contains(resource.name) }"#);
    let by_pattern = forbids(r#") when { resource.name like "*_4" }"#);
    let by_both = forbids(
        r#") when { resource.server == "azure" && "tool_4" == resource.name || resource.server != "azure" }"#,
    );
    let by_another = forbids(r") when { resource.name == principal.tenant }");
    let by_id_inside = forbids(r#") when { resource == Azimuth::Tool::"azure/tool_4" }"#);
    let permits = include_str!("../../../policies/permits.cedar");
    let mut tools = catalogue("1");
    tools.tools[8].tool.server = "other".to_owned();
    tools.tools[9].availability = Availability::SwitchedOff;
    let roles = [Role::Reader].into();
    for (forbid, unseen) in [
        ("", None),
        (&by_name, Some(4)),
        (&by_server, Some(8)),
        (&by_id, Some(4)),
        (&by_set, Some(8)),
        (&by_pattern, Some(4)),
        (&by_both, Some(8)),
        (&by_another, None),
        (&by_id_inside, Some(4)),
    ] {
        let set = PolicySet::new(&[permits, forbid]).unwrap();
        let seen = set.visible_tools(&roles, &tools);
        let each: Vec<usize> = (0..404)
            .filter(|n| set.may_see(&roles, &tools.tools[*n]))
            .collect();
        assert_eq!(*seen, *each, "{forbid}");
        assert!(seen.contains(&0));
        assert!(unseen.is_none_or(|n| !seen.contains(&n)), "{forbid}");
    }
}

/// The bar (cold ≤ 20 ms, cached ≤ 0.1 ms) is for an optimised build; the
/// benchmarks measure it. This prints what it took and refuses the absurd.
#[test]
fn four_hundred_tools_are_sifted_fast() {
    let named = (0..100).map(|n| {
        format!(
            r#"@id("p{n}") permit (principal in Azimuth::Role::"reader", action in Azimuth::Action::"use", resource)
            when {{ resource.name == "tool_{n}" }};"#
        )
    });
    let tenant = PolicySet::of_tenant(&named.collect::<String>()).unwrap();
    for (whose, set) in [
        ("built-in", PolicySet::default_set().unwrap()),
        ("a tenant's 100", tenant),
    ] {
        let tools = catalogue("1");
        let roles = [Role::Reader, Role::Operator].into();
        let start = Instant::now();
        let seen = set.visible_tools(&roles, &tools).len();
        let cold = start.elapsed();
        let start = Instant::now();
        set.visible_tools(&roles, &tools);
        let cached = start.elapsed();
        println!("{whose}, 404 tools, {seen} seen: cold {cold:?}, cached {cached:?}");
        assert!(cold.as_secs() < 5 && cached.as_millis() < 100);
    }
}
