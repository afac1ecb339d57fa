//! The Functions host beside each process: takes messages, calls the triggers,
//! deletes, hands back, poisons; lets the timer run. An instance is lost as a
//! whole: what it had taken stays hidden until its time ends.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use azimuth_app::triggers::{
    QueueFunction, TriggerState, advance_turn, advance_turn_poison, execute_tool,
    execute_tool_poison, sweep,
};
use azimuth_ports::clock::Clock;
use azimuth_ports::queue::{Delivery, QueueError, WorkQueue};
use azimuth_tests::host::envelope;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::World;
use super::fleet::{Lost, Worker};
use crate::crash::line::{Call, Port, QUEUE_ERRORS};

/// `host.json` and the storage queue's trigger.
const VISIBILITY: Duration = Duration::from_mins(10);
const RENEWAL: Duration = Duration::from_mins(5);
const RETRY_AFTER: Duration = Duration::from_secs(15);
const MAX_DEQUEUE: u32 = 5;
const AT_ONCE: usize = 4;
/// When another instance looks although one has not come back from the queue.
const ANOTHER_AFTER: Duration = Duration::from_secs(2);
const TRIGGER_DEADLINE: Duration = Duration::from_mins(9);
/// The sweep's timer.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

/// Lets the timer run.
pub async fn keep_time(world: Arc<World>) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        sweep_once(&world).await;
    }
}

/// Lets it run once, and again until a sweep went through, if one ever does.
pub async fn sweep_through(world: &Arc<World>) {
    for _ in 0..60 {
        if sweep_once(world).await {
            return;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}

async fn sweep_once(world: &Arc<World>) -> bool {
    let worker = world.fleet.any().await;
    let state = trigger_state(&worker);
    let swept = worker.run(world, sweep::handle(State(state))).await;
    swept.is_ok_and(|answer| answer.status().is_success())
}

fn trigger_state(worker: &Worker) -> TriggerState {
    TriggerState {
        engine: worker.engine.clone(),
        deadline: TRIGGER_DEADLINE,
    }
}

/// Delivers what comes to the queue of a function.
pub async fn listen(world: Arc<World>, function: QueueFunction) {
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        let changed = world.queue.changed();
        let now = world.clock.now().0;
        let due_in = world
            .queue
            .next_visible_ms(function.queue())
            .map(|at| at - now);
        if running.len() >= AT_ONCE {
            running.join_next().await;
            continue;
        }
        if due_in.is_none_or(|ms| ms > 0) {
            let wait = due_in.map_or(u64::from(u32::MAX), i64::unsigned_abs);
            tokio::select! {
                biased;
                () = changed => {}
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
            }
            continue;
        }
        let worker = world.fleet.any().await;
        let host = Host::of(&world, &worker, function);
        let (taken, is_taken) = oneshot::channel();
        running.spawn(async move { host.take(taken).await });
        // An instance that stands still keeps nobody else from the queue.
        let _ = tokio::time::timeout(ANOTHER_AFTER, is_taken).await;
    }
}

/// The host beside one process, for one function.
#[derive(Clone)]
struct Host {
    world: Arc<World>,
    worker: Arc<Worker>,
    function: QueueFunction,
}

impl Host {
    fn of(world: &Arc<World>, worker: &Arc<Worker>, function: QueueFunction) -> Self {
        Self {
            world: world.clone(),
            worker: worker.clone(),
            function,
        }
    }

    /// Takes one message and processes it, or twice when the queue delivers twice.
    async fn take(&self, taken: oneshot::Sender<()>) {
        let received = self
            .ask("receive", |queue, name| async move {
                queue.receive(name, 1, VISIBILITY).await
            })
            .await;
        let Ok(Ok(received)) = received else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            return;
        };
        let _ = taken.send(());
        for delivery in received {
            if self.world.delivers_twice() {
                let other = self.world.fleet.any().await;
                let there = Self::of(&self.world, &other, self.function);
                let (here, again) = tokio::join!(
                    self.process(&delivery, true),
                    there.process(&delivery, false)
                );
                let _ = (here, again);
            } else {
                let _ = self.process(&delivery, true).await;
            }
        }
    }

    /// One operation of the queue, which dies with the process.
    async fn ask<T, F>(
        &self,
        name: &'static str,
        act: impl FnOnce(Arc<dyn WorkQueue>, &'static str) -> F,
    ) -> Result<Result<T, QueueError>, Lost>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, QueueError>> + Send + 'static,
    {
        let line = self.worker.line.clone();
        let act = act(self.world.ground.queue.clone(), self.function.queue());
        let call = Call::writes(Port::Host, name);
        self.worker
            .run(&self.world, async move {
                line.pass(call, &QUEUE_ERRORS, act).await
            })
            .await
    }

    /// Takes a message to its end. Of one that was delivered twice only the first
    /// delivery counts.
    async fn process(&self, message: &Delivery, counts: bool) -> Result<(), Lost> {
        if message.dequeue_count > MAX_DEQUEUE {
            return self.poison(message, &message.receipt).await;
        }
        let (done, receipt) = self.invoke(message, counts).await?;
        if !counts {
            return Ok(());
        }
        if done {
            self.delete(message, &receipt).await
        } else if message.dequeue_count >= MAX_DEQUEUE {
            self.poison(message, &receipt).await
        } else {
            let id = message.id.clone();
            let _ = self
                .ask("release", |queue, name| async move {
                    queue.renew(name, &id, &receipt, RETRY_AFTER).await
                })
                .await?;
            Ok(())
        }
    }

    async fn invoke(&self, message: &Delivery, renews: bool) -> Result<(bool, String), Lost> {
        let state = State(trigger_state(&self.worker));
        let body = Body::from(envelope(message).to_string());
        let function = self.function;
        let work = async move {
            let answer: Response = match function {
                QueueFunction::ExecuteTool => execute_tool::handle(state, body).await,
                QueueFunction::ExecuteToolPoison => execute_tool_poison::handle(state, body).await,
                QueueFunction::AdvanceTurn => advance_turn::handle(state, body).await,
                QueueFunction::AdvanceTurnPoison => advance_turn_poison::handle(state, body).await,
            };
            answer.status().is_success()
        };
        let mut receipt = message.receipt.clone();
        let work = self.worker.run(&self.world, work);
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok((done?, receipt)),
                () = tokio::time::sleep(RENEWAL), if renews => {}
            }
            let (id, held) = (message.id.clone(), receipt.clone());
            let renewed = self
                .ask("renew", |queue, name| async move {
                    queue.renew(name, &id, &held, VISIBILITY).await
                })
                .await?;
            if let Ok(Some(fresh)) = renewed {
                receipt = fresh;
            }
        }
    }

    async fn delete(&self, message: &Delivery, receipt: &str) -> Result<(), Lost> {
        let (id, receipt) = (message.id.clone(), receipt.to_owned());
        let _ = self
            .ask("delete", |queue, name| async move {
                queue.delete(name, &id, &receipt).await
            })
            .await?;
        Ok(())
    }

    async fn poison(&self, message: &Delivery, receipt: &str) -> Result<(), Lost> {
        // It goes where nobody listens.
        let Some(poison) = self.function.poison() else {
            return self.delete(message, receipt).await;
        };
        let body = message.body.clone();
        let moved = self
            .ask("poison", |queue, _| async move {
                queue.enqueue(poison.queue(), &body, Duration::ZERO).await
            })
            .await?;
        match moved {
            Ok(_) => self.delete(message, receipt).await,
            Err(_) => Ok(()),
        }
    }
}
