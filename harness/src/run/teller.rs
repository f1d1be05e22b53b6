//! Who tells of a run's phases, and times them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::event::Event;

/// How long each phase of a run took, in microseconds, in order. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub(super) struct Phases(Arc<Mutex<Vec<(String, u64)>>>);

impl Phases {
    pub(super) fn push(&self, phase: String, micros: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((phase, micros));
    }

    pub(super) fn list(&self) -> Vec<(String, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
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
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        (self.sink)(&Event::Done { micros });
        self.phases.push(phase, micros);
    }

    pub(super) fn note(&mut self, text: String) {
        (self.sink)(&Event::Note { text });
    }

    /// The phases that are over, in order, with their times in microseconds.
    pub(super) fn phases(&self) -> Vec<(String, u64)> {
        self.phases.list()
    }
}
