//! Bent digests.

use azimuth_domain::audit::digest::Digest;
use azimuth_embedded::audit_verify::{Anchor, DigestFaultKind, Prepared};
use futures::FutureExt;

use crate::chains::edit;
use crate::ground::{Ground, Rng};
use crate::{Kind, Shown};

pub const KINDS: &[Kind] = &[
    Kind {
        name: "a digest edited",
        times: 5_000,
        bend: edited,
    },
    Kind {
        name: "a digest edited, its hash made anew",
        times: 1_500,
        bend: edited_and_hashed,
    },
    Kind {
        name: "a digest signed with another key",
        times: 1_500,
        bend: signed_by_a_stranger,
    },
    Kind {
        name: "a digest added by another key",
        times: 500,
        bend: added_by_a_stranger,
    },
    Kind {
        name: "a signature edited",
        times: 1_500,
        bend: signature_edited,
    },
    Kind {
        name: "a digest removed",
        times: 500,
        bend: removed,
    },
    Kind {
        name: "the newest digests removed",
        times: 500,
        bend: newest_removed,
    },
    Kind {
        name: "a digest put in twice",
        times: 500,
        bend: doubled,
    },
    Kind {
        name: "two digests changed places",
        times: 500,
        bend: swapped,
    },
    Kind {
        name: "a digest moved to another tenant",
        times: 500,
        bend: moved,
    },
];

/// What is wrong with these digests.
pub fn faults(ground: &Ground, digests: &[Digest]) -> Vec<(String, u64, DigestFaultKind)> {
    let prepared = Prepared::new(std::slice::from_ref(&ground.key), digests, &ground.anchors);
    let faults = prepared.faults().iter();
    faults
        .map(|fault| (fault.tenant.clone(), fault.number, fault.what.clone()))
        .collect()
}

pub fn is_there(
    faults: &[(String, u64, DigestFaultKind)],
    expected: &(&str, u64, DigestFaultKind),
) -> Result<Shown, String> {
    let (tenant, number, what) = expected;
    let is_same =
        |f: &(String, u64, DigestFaultKind)| (f.0.as_str(), f.1, &f.2) == (*tenant, *number, what);
    if faults.iter().any(is_same) {
        Ok(Shown::Named)
    } else {
        Err(format!("{expected:?} is not among {faults:?}"))
    }
}

pub fn any(ground: &Ground, rng: &mut Rng) -> (Vec<Digest>, usize) {
    let at = rng.below(ground.digests.len());
    (ground.digests.clone(), at)
}

fn edited(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let (field, bent) = edit(&digests[at], rng);
    let (tenant, number) = (digests[at].tenant.clone(), digests[at].number);
    digests[at] = bent;
    digests.sort_by(|a, b| (&a.tenant, a.number).cmp(&(&b.tenant, b.number)));
    let found = faults(ground, &digests);
    match field.as_str() {
        // It claims another place, so that its own is empty.
        "/tenant" | "/number" => found
            .iter()
            .any(|fault| fault.0 == tenant)
            .then_some(Shown::Named)
            .ok_or(field),
        "/signature" => is_there(&found, &(&tenant, number, DigestFaultKind::Forged)),
        "/key_id" => {
            let is_foreign = |f: &(String, u64, DigestFaultKind)| {
                f.0 == tenant && f.1 == number && matches!(f.2, DigestFaultKind::ForeignKey(_))
            };
            found
                .iter()
                .any(is_foreign)
                .then_some(Shown::Named)
                .ok_or(field)
        }
        _ => is_there(&found, &(&tenant, number, DigestFaultKind::Edited)),
    }
}

fn edited_and_hashed(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let place = (digests[at].tenant.clone(), digests[at].number);
    loop {
        let (field, bent) = edit(&digests[at], rng);
        let places = ["/tenant", "/number", "/hash", "/signature", "/key_id"];
        if !places.contains(&field.as_str()) {
            digests[at] = bent;
            break;
        }
    }
    digests[at].hash = digests[at].computed_hash();
    let found = faults(ground, &digests);
    is_there(&found, &(&place.0, place.1, DigestFaultKind::Forged))
}

/// The signature, and every number and hash after it, made anew with another key.
fn signed_by_a_stranger(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let tenant = digests[at].tenant.clone();
    let number = digests[at].number;
    let claims_ours = rng.below(2) == 0;
    let mut before = digests[at].prev_hash.clone();
    for digest in digests[at..].iter_mut().filter(|d| d.tenant == tenant) {
        digest.prev_hash.clone_from(&before);
        digest.chains[0].seq += 1;
        if !claims_ours {
            ground.stranger.key().id().clone_into(&mut digest.key_id);
        }
        digest.hash = digest.computed_hash();
        digest.signature = signed(ground, &digest.signed_text());
        before.clone_from(&digest.hash);
    }
    let what = if claims_ours {
        DigestFaultKind::Forged
    } else {
        DigestFaultKind::ForeignKey(ground.stranger.key().id().to_owned())
    };
    is_there(&faults(ground, &digests), &(&tenant, number, what))
}

fn signed(ground: &Ground, text: &[u8]) -> String {
    let signature = ground.stranger.sign(text).now_or_never();
    signature.unwrap().unwrap()
}

fn added_by_a_stranger(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let anchor = &ground.anchors[rng.below(ground.anchors.len())];
    let last = ground
        .digests
        .iter()
        .rfind(|d| d.tenant == anchor.tenant)
        .unwrap();
    let mut added = Digest::next(
        Some((last.number, &last.hash)),
        &last.tenant,
        last.at.plus_ms(1),
        last.chains.clone(),
        &ground.key,
    );
    added.signature = signed(ground, &added.signed_text());
    let expected = (added.tenant.clone(), added.number);
    let at = ground.digests.iter().position(|d| d == last).unwrap() + 1;
    let mut digests = ground.digests.clone();
    digests.insert(at, added);
    let found = faults(ground, &digests);
    is_there(&found, &(&expected.0, expected.1, DigestFaultKind::Forged))
}

fn signature_edited(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let digest = &mut digests[at];
    let byte = rng.below(digest.signature.len());
    let other = if digest.signature.as_bytes()[byte] == b'0' {
        "1"
    } else {
        "0"
    };
    digest.signature.replace_range(byte..=byte, other);
    let place = (digest.tenant.clone(), digest.number);
    let found = faults(ground, &digests);
    is_there(&found, &(&place.0, place.1, DigestFaultKind::Forged))
}

fn removed(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let gone = digests.remove(at);
    let found = faults(ground, &digests);
    is_there(
        &found,
        &(&gone.tenant, gone.number, DigestFaultKind::Missing),
    )
}

/// With the chains cut to what the digests that are left say, so that only the anchor
/// knows.
fn newest_removed(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let anchor: &Anchor = &ground.anchors[rng.below(ground.anchors.len())];
    let kept = rng.below(usize::try_from(anchor.number).unwrap()) as u64;
    let mut digests = ground.digests.clone();
    digests.retain(|d| d.tenant != anchor.tenant || d.number <= kept);
    let prepared = Prepared::new(std::slice::from_ref(&ground.key), &digests, &ground.anchors);
    for ((tenant, chain), records) in &ground.chains {
        if *tenant == anchor.tenant {
            let cut = &records[..usize::try_from(kept).unwrap() * 2];
            let (fault, young) = prepared.chain(tenant, chain, cut);
            assert_eq!((fault, young), (None, 0), "the cut itself fits");
        }
    }
    let found = faults(ground, &digests);
    is_there(
        &found,
        &(&anchor.tenant, kept + 1, DigestFaultKind::Missing),
    )
}

fn doubled(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let copy = digests[at].clone();
    let (tenant, number) = (copy.tenant.clone(), copy.number);
    digests.insert(at, copy);
    let what = DigestFaultKind::OutOfPlace(number + 1);
    is_there(&faults(ground, &digests), &(&tenant, number, what))
}

fn swapped(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let tenant = digests[at].tenant.clone();
    let of_tenant = |digest: &Digest| digest.tenant == tenant;
    let first = digests.iter().position(of_tenant).unwrap();
    let one = first + rng.below(2);
    digests.swap(one, one + 1);
    let number = digests[one].number;
    digests[one].number = digests[one + 1].number;
    digests[one + 1].number = number;
    let expected = digests[one].number;
    let found = faults(ground, &digests);
    is_there(&found, &(&tenant, expected, DigestFaultKind::Edited))
}

fn moved(ground: &Ground, rng: &mut Rng) -> Result<Shown, String> {
    let (mut digests, at) = any(ground, rng);
    let from = digests[at].tenant.clone();
    let to = ground.anchors.iter().find(|a| a.tenant != from).unwrap();
    digests[at].tenant.clone_from(&to.tenant);
    digests[at].hash = digests[at].computed_hash();
    digests.sort_by(|a, b| (&a.tenant, a.number).cmp(&(&b.tenant, b.number)));
    let found = faults(ground, &digests);
    let named: Vec<&str> = found.iter().map(|fault| fault.0.as_str()).collect();
    if named.contains(&from.as_str()) && named.contains(&to.tenant.as_str()) {
        Ok(Shown::Named)
    } else {
        Err(format!("{found:?}"))
    }
}
