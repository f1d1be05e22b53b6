//! Who tells of a run's phases, and times them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::event::Event;
use crate::evidence::Manifest;

/// The phases of a run as they end. Clones are the same list.
#[derive(Clone, Debug)]
pub(super) struct Phases {
    began: Instant,
    ended: Arc<Mutex<Ended>>,
}

/// Phases that are over.
#[derive(Debug, Default)]
struct Ended {
    /// How long each took, in microseconds.
    all: Vec<(String, u64)>,
    /// From when to when somebody else's time passed.
    others: Vec<(Instant, Instant)>,
}

impl Default for Phases {
    fn default() -> Self {
        Self { began: Instant::now(), ended: Arc::default() }
    }
}

impl Phases {
    pub(super) fn push(&self, phase: String, micros: u64) {
        self.ended().all.push((phase, micros));
    }

    /// Notes that a phase which ended just now was somebody else's time.
    pub(super) fn of_others(&self, took: Duration) {
        let now = Instant::now();
        self.ended().others.push((now.checked_sub(took).unwrap_or(self.began), now));
    }

    /// The phases that are over, with their times in microseconds.
    pub(super) fn list(&self) -> Vec<(String, u64)> {
        self.ended().all.clone()
    }

    /// How long it has been, and how much of that was others' time, in microseconds; what they did at once counts once.
    pub(super) fn shares(&self) -> (u64, u64) {
        let mut spans = self.ended().others.clone();
        spans.sort();
        let (mut others, mut until) = (Duration::ZERO, self.began);
        for (from, to) in spans {
            others += to.saturating_duration_since(from.max(until));
            until = until.max(to);
        }
        (micros(self.began.elapsed()), micros(others))
    }

    fn ended(&self) -> MutexGuard<'_, Ended> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Microseconds, as manifests and events tell them.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Tells whoever watches a run of its phases, and keeps how long each took.
pub(super) struct Teller<'a> {
    sink: &'a mut dyn FnMut(&Event),
    current: Option<(String, Instant)>,
    phases: Phases,
}

impl<'a> Teller<'a> {
    pub(super) fn new(sink: &'a mut dyn FnMut(&Event), phases: Phases) -> Self {
        Self { sink, current: None, phases }
    }

    pub(super) fn began(&mut self, phase: String) {
        (self.sink)(&Event::Began { phase: phase.clone() });
        self.current = Some((phase, Instant::now()));
    }

    pub(super) fn done(&mut self) {
        let Some((phase, since)) = self.current.take() else { return };
        let micros = micros(since.elapsed());
        (self.sink)(&Event::Done { phase: phase.clone(), micros });
        self.phases.push(phase, micros);
    }

    pub(super) fn note(&mut self, text: String) {
        (self.sink)(&Event::Note { text });
    }

    /// Writes down how long everything took that is over.
    pub(super) fn write_times(&self, manifest: &mut Manifest) {
        manifest.phases = self.phases.list();
        (manifest.took, manifest.others) = self.phases.shares();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_do_at_once_counts_once() {
        let phases = Phases::default();
        let (one, hour) = (phases.began, Duration::from_hours(1));
        phases.ended().others = vec![(one + hour, one + 3 * hour), (one, one + 2 * hour), (one + 5 * hour, one + 6 * hour)];
        assert_eq!(phases.shares().1, micros(4 * hour));
    }
}
