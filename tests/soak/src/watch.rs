//! Memory and open files of every process over the run, and how they grow.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use azimuth_stack::usage::{open_files, resident_mb};
use tokio::time::sleep;

use crate::fleet::GROUPS;
use crate::processes::{self, tool_servers};
use crate::world::World;

const EVERY: Duration = Duration::from_secs(5);
/// What a process needs to warm up says nothing about growth.
const WARM_UP_S: f64 = 60.0;
/// Less is noise when it is told by the hour.
const TELLING_S: f64 = 300.0;

/// Samples of one process.
#[derive(Debug, Default)]
pub struct Life {
    /// Seconds since it was seen first, MB (10⁶ bytes), open files.
    pub samples: Vec<(f64, f64, f64)>,
}

/// Lives by what the process is and its pid.
#[derive(Debug, Default)]
pub struct Lives(BTreeMap<(String, u32), (Instant, Life)>);

/// What became of the processes of one kind.
#[derive(Debug, PartialEq)]
pub struct Growth {
    pub what: String,
    pub lives: usize,
    pub samples: usize,
    /// The largest seen.
    pub most_mb: f64,
    pub most_files: f64,
    /// By the hour; `None` where no process lived long enough to tell.
    pub mb_per_hour: Option<f64>,
    pub files_per_hour: Option<f64>,
}

/// Samples for ever.
pub async fn watch(world: &Rc<World>, lives: &std::cell::RefCell<Lives>) {
    loop {
        let all = processes::all();
        for (number, group) in GROUPS.iter().enumerate() {
            let Some(info) = world.fleet.info(number) else {
                continue;
            };
            let group = group.strip_prefix("function:").unwrap_or(group);
            let mut lives = lives.borrow_mut();
            lives.sample(format!("handler {group}"), info.handler);
            lives.sample("host stand-in".to_owned(), info.host);
            for server in tool_servers(info.handler, &all) {
                lives.sample(format!("MCP server {}", server.name), server.pid);
            }
        }
        lives
            .borrow_mut()
            .sample("sandbox".to_owned(), world.sandbox.pid());
        sleep(EVERY).await;
    }
}

impl Lives {
    fn sample(&mut self, what: String, pid: u32) {
        let Ok(mb) = resident_mb(pid) else { return };
        #[expect(clippy::cast_precision_loss, reason = "a number of files")]
        let files = open_files(pid) as f64;
        let entry = self.0.entry((what, pid));
        let (since, life) = entry.or_insert_with(|| (Instant::now(), Life::default()));
        life.samples
            .push((since.elapsed().as_secs_f64(), mb, files));
    }

    pub fn growth(&self) -> Vec<Growth> {
        let mut kinds: BTreeMap<&str, Vec<&Life>> = BTreeMap::new();
        for ((what, _), (_, life)) in &self.0 {
            kinds.entry(what).or_default().push(life);
        }
        kinds
            .into_iter()
            .map(|(what, lives)| growth(what, &lives))
            .collect()
    }
}

fn growth(what: &str, lives: &[&Life]) -> Growth {
    let most = |field: fn(&(f64, f64, f64)) -> f64| {
        let all = lives.iter().flat_map(|life| &life.samples);
        all.map(field).fold(0.0, f64::max)
    };
    let late: Vec<Vec<(f64, f64, f64)>> = lives
        .iter()
        .map(|life| {
            let late = life.samples.iter().filter(|sample| sample.0 >= WARM_UP_S);
            late.copied().collect()
        })
        .collect();
    Growth {
        what: what.to_owned(),
        lives: lives.len(),
        samples: lives.iter().map(|life| life.samples.len()).sum(),
        most_mb: most(|sample| sample.1),
        most_files: most(|sample| sample.2),
        mb_per_hour: slope(&late, |sample| sample.1),
        files_per_hour: slope(&late, |sample| sample.2),
    }
}

/// By the hour: least squares with one slope for all lives and a level for each, so
/// that a process that began small is not taken for one that shrank. `None` where no
/// life was sampled for five minutes.
fn slope(lives: &[Vec<(f64, f64, f64)>], field: fn(&(f64, f64, f64)) -> f64) -> Option<f64> {
    let (mut products, mut squares, mut longest) = (0.0, 0.0, 0.0_f64);
    for life in lives.iter().filter(|life| life.len() > 1) {
        #[expect(clippy::cast_precision_loss, reason = "a number of samples")]
        let count = life.len() as f64;
        let middle_time = life.iter().map(|s| s.0).sum::<f64>() / count;
        let middle = life.iter().map(field).sum::<f64>() / count;
        for sample in life {
            let time = sample.0 - middle_time;
            products += time * (field(sample) - middle);
            squares += time * time;
        }
        longest = longest.max(life[life.len() - 1].0 - life[0].0);
    }
    (longest >= TELLING_S && squares > 0.0).then(|| products / squares * 3600.0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// A life of `minutes` that begins at `from` MB and grows by `by` an hour after a
    /// steep first minute.
    fn life(minutes: u32, from: f64, by: f64) -> Life {
        let samples = (0..minutes * 12).map(|n| {
            let seconds = f64::from(n) * 5.0;
            let warm = seconds.min(60.0);
            (seconds, from + warm + by * seconds / 3600.0, 20.0)
        });
        Life {
            samples: samples.collect(),
        }
    }

    #[test]
    fn growth_is_that_within_the_lives_after_their_first_minute() {
        let (one, two) = (life(5, 20.0, 12.0), life(9, 300.0, 12.0));
        let grown = growth("h", &[&one, &two]);
        assert!(
            (grown.mb_per_hour.unwrap() - 12.0).abs() < 1e-6,
            "{grown:?}"
        );
        assert!(grown.files_per_hour.unwrap().abs() < 1e-9);
        assert_eq!((grown.lives, grown.samples), (2, 168));
        assert!((grown.most_mb - 361.0).abs() < 3.0);
    }

    #[test]
    fn short_lives_tell_nothing() {
        let lives: Vec<Life> = (0..9).map(|_| life(5, 20.0, 100.0)).collect();
        let lives: Vec<&Life> = lives.iter().collect();
        assert_eq!(growth("h", &lives).mb_per_hour, None);
    }
}
