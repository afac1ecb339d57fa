//! Bent chains.

use azimuth_domain::audit::{AuditRecord, GENESIS_HASH};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ground::{Ground, Place, Rng, SEALED};
use crate::{Kind, Shown};

pub const KINDS: &[Kind] = &[
    Kind {
        name: "a field edited",
        times: 44_000,
        bend: edited,
    },
    Kind {
        name: "a field edited, its hash made anew",
        times: 8_000,
        bend: edited_and_hashed,
    },
    Kind {
        name: "a field edited, every hash after it made anew",
        times: 10_000,
        bend: edited_and_linked,
    },
    Kind {
        name: "a record deleted",
        times: 6_000,
        bend: deleted,
    },
    Kind {
        name: "a record deleted, the rest numbered and hashed anew",
        times: 6_000,
        bend: deleted_and_linked,
    },
    Kind {
        name: "a record inserted a second time",
        times: 4_000,
        bend: doubled,
    },
    Kind {
        name: "a forged record inserted, the rest numbered and hashed anew",
        times: 6_000,
        bend: forged_in,
    },
    Kind {
        name: "two records changed places",
        times: 5_000,
        bend: swapped,
    },
    Kind {
        name: "two records changed places, all hashed anew",
        times: 5_000,
        bend: swapped_and_linked,
    },
    Kind {
        name: "the tail cut",
        times: 5_000,
        bend: cut,
    },
    Kind {
        name: "the tail cut and written anew",
        times: 3_000,
        bend: cut_and_continued,
    },
    Kind {
        name: "a chain renamed",
        times: 2_000,
        bend: renamed,
    },
    Kind {
        name: "a chain renamed, all hashed anew",
        times: 2_000,
        bend: renamed_and_linked,
    },
    Kind {
        name: "a chain moved to another tenant, all hashed anew",
        times: 2_000,
        bend: moved_and_linked,
    },
    Kind {
        name: "a chain taken out",
        times: 500,
        bend: removed,
    },
];

/// Changes one thing in the JSON of `item`, so that it is still such an item.
pub fn edit<T: Serialize + DeserializeOwned>(item: &T, rng: &mut Rng) -> (String, T) {
    let whole = serde_json::to_value(item).unwrap();
    let mut places = Vec::new();
    leaves(&whole, &mut String::new(), &mut places);
    loop {
        let place = &places[rng.below(places.len())];
        let mut bent = whole.clone();
        let leaf = bent.pointer_mut(place).unwrap();
        *leaf = other(leaf, rng);
        // Some edits leave no record at all; those are tried in the files.
        let Ok(item) = serde_json::from_value::<T>(bent.clone()) else {
            continue;
        };
        if serde_json::to_value(&item).unwrap() == bent && bent != whole {
            return (place.clone(), item);
        }
    }
}

fn leaves(value: &Value, path: &mut String, found: &mut Vec<String>) {
    let mut within = |name: &str, value: &Value| {
        let length = path.len();
        path.push('/');
        path.push_str(name);
        leaves(value, path, found);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, v)| within(name, v)),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                within(&at.to_string(), item);
            }
        }
        _ => found.push(path.clone()),
    }
}

fn other(leaf: &Value, rng: &mut Rng) -> Value {
    match leaf {
        Value::String(text) if !text.is_empty() => {
            let mut bytes = text.clone().into_bytes();
            let at = rng.below(bytes.len());
            bytes[at] = b' ' + u8::try_from(rng.below(95)).unwrap();
            String::from_utf8(bytes).map_or(Value::Null, Value::String)
        }
        Value::Number(number) => {
            let by = i64::try_from(rng.below(9)).unwrap() - 4;
            (number.as_i64().unwrap_or_default() + by).into()
        }
        Value::Bool(yes) => (!yes).into(),
        _ => Value::String("x".to_owned()),
    }
}

/// Numbers and hashes that fit, from index `from` on.
fn link(records: &mut [AuditRecord], from: usize) {
    for at in from..records.len() {
        let before = at.checked_sub(1).map(|at| records[at].hash.clone());
        let record = &mut records[at];
        record.prev_hash = before.unwrap_or_else(|| GENESIS_HASH.to_owned());
        record.seq = at as u64 + 1;
        record.hash = record.computed_hash();
    }
}

/// What verification says of this chain: the number that it names.
fn named(ground: &Ground, place: &Place, records: &[AuditRecord]) -> Option<u64> {
    let (fault, _) = ground.prepared.chain(&place.0, &place.1, records);
    fault.map(|fault| {
        assert_eq!((&fault.tenant, &fault.chain), (&place.0, &place.1));
        fault.seq
    })
}

fn must_name(found: Option<u64>, expected: u64, what: &str) -> Result<Shown, String> {
    if found == Some(expected) {
        Ok(Shown::Named)
    } else {
        Err(format!("{what}: {found:?} was named instead of {expected}"))
    }
}

/// What is sealed is named at one of these records; what is younger and fits is told
/// as unsealed.
fn must_show(found: Option<u64>, first: u64, what: &str) -> Result<Shown, String> {
    match found {
        Some(seq) if seq >= first => Ok(Shown::Named),
        None if first > SEALED => Ok(Shown::Unsealed),
        _ => Err(format!("{what} at {first}: {found:?}")),
    }
}

fn edited(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let at = rng.below(records.len());
    let (field, bent) = edit(&records[at], rng);
    let seq = records[at].seq;
    records[at] = bent;
    let found = named(ground, place, &records);
    if field == "/seq" {
        // It claims another place; its own is missing, or the other one is taken.
        records.sort_by_key(|record| record.seq);
        let found = named(ground, place, &records);
        return found.map(|_| Shown::Named).ok_or(field);
    }
    must_name(found, seq, &field)
}

fn edited_and_hashed(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let at = rng.below(records.len());
    records[at] = edit_content(&records[at], rng);
    records[at].hash = records[at].computed_hash();
    must_show(named(ground, place, &records), at as u64 + 1, "hashed")
}

/// An edit of anything but place and hashes.
fn edit_content(record: &AuditRecord, rng: &mut Rng) -> AuditRecord {
    loop {
        let (field, bent) = edit(record, rng);
        if !["/seq", "/hash", "/prev_hash", "/tenant", "/chain"].contains(&field.as_str()) {
            return bent;
        }
    }
}

fn edited_and_linked(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let at = rng.below(records.len());
    records[at] = edit_content(&records[at], rng);
    link(&mut records, at);
    must_show(named(ground, place, &records), at as u64 + 1, "linked")
}

fn deleted(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let gone = records.remove(rng.below(records.len()));
    let found = named(ground, place, &records);
    if found.is_none() && gone.seq == records.len() as u64 + 1 {
        // The last one, which is young: the chain's end is not sealed.
        return Ok(Shown::Unsealed);
    }
    must_name(found, gone.seq, "deleted")
}

fn deleted_and_linked(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let at = rng.below(records.len());
    records.remove(at);
    link(&mut records, at);
    must_show(named(ground, place, &records), at as u64 + 1, "deleted")
}

fn doubled(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let at = rng.below(records.len());
    let copy = records[at].clone();
    let seq = copy.seq;
    records.insert(at, copy);
    must_name(named(ground, place, &records), seq + 1, "doubled")
}

fn forged_in(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let at = rng.below(records.len() + 1);
    let model = records[rng.below(records.len())].clone();
    let mut forged = edit_content(&model, rng);
    "forged".clone_into(&mut forged.id);
    records.insert(at, forged);
    link(&mut records, at);
    must_show(named(ground, place, &records), at as u64 + 1, "forged")
}

fn two(length: usize, rng: &mut Rng) -> (usize, usize) {
    let one = rng.below(length);
    let other = (one + 1 + rng.below(length - 1)) % length;
    (one.min(other), one.max(other))
}

fn swapped(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let (one, other) = two(records.len(), rng);
    records.swap(one, other);
    let seq = records[one].seq;
    records[one].seq = records[other].seq;
    records[other].seq = seq;
    must_name(named(ground, place, &records), one as u64 + 1, "swapped")
}

fn swapped_and_linked(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let (one, other) = two(records.len(), rng);
    records.swap(one, other);
    link(&mut records, one);
    must_show(named(ground, place, &records), one as u64 + 1, "swapped")
}

fn cut(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let kept = rng.below(records.len());
    let found = named(ground, place, &records[..kept]);
    if kept as u64 >= SEALED {
        return match found {
            None => Ok(Shown::Unsealed),
            Some(seq) => Err(format!("{seq} was named of a young cut")),
        };
    }
    must_name(found, kept as u64 + 1, "cut")
}

fn cut_and_continued(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let kept = rng.below(records.len());
    let mut longer = records[..kept].to_vec();
    for _ in 0..=rng.below(10) {
        let model = &records[rng.below(records.len())];
        longer.push(edit_content(model, rng));
    }
    link(&mut longer, kept);
    must_show(named(ground, place, &longer), kept as u64 + 1, "continued")
}

fn renamed(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let name = format!("admin-x{}-2026-11-24", rng.below(1000));
    for record in &mut records {
        record.chain.clone_from(&name);
    }
    must_name(
        named(ground, &(place.0.clone(), name), &records),
        1,
        "renamed",
    )?;
    must_name(named(ground, place, &[]), 1, "the old name")
}

fn renamed_and_linked(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let name = format!("admin-x{}-2026-11-24", rng.below(1000));
    for record in &mut records {
        record.chain.clone_from(&name);
    }
    link(&mut records, 0);
    let (fault, young) = ground.prepared.chain(&place.0, &name, &records);
    if fault.is_some() || young != records.len() as u64 {
        return Err(format!("the new name: {fault:?}, {young}"));
    }
    must_name(named(ground, place, &[]), 1, "the old name")
}

fn moved_and_linked(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, records) = ground.any_chain(rng);
    let mut records = records.clone();
    let tenant = ground.chains.keys().find(|other| other.0 != place.0);
    let tenant = &tenant.unwrap().0;
    for record in &mut records {
        record.tenant.clone_from(tenant);
        record.entry.tid.clone_from(tenant);
    }
    link(&mut records, 0);
    // Beside a chain of that name nothing moves in unseen, and elsewhere it is young.
    let there = (tenant.clone(), place.1.clone());
    if ground.chains.contains_key(&there) {
        must_show(named(ground, &there, &records), 1, "the new tenant")?;
    }
    must_name(named(ground, place, &[]), 1, "the old tenant")
}

fn removed(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (place, _) = ground.any_chain(rng);
    must_name(named(ground, place, &[]), 1, "taken out")
}
