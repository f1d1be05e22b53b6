//! Who tells of a run's phases, and times them.

use std::time::Instant;

use crate::event::Event;

/// Tells whoever watches a run of its phases, and keeps how long each took.
pub(super) struct Teller<'a> {
    sink: &'a mut dyn FnMut(&Event),
    current: Option<(String, Instant)>,
    phases: Vec<(String, u64)>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(sink: &'a mut dyn FnMut(&Event)) -> Self {
        Self { sink, current: None, phases: Vec::new() }
    }

    pub(super) fn began(&mut self, phase: String) {
        (self.sink)(&Event::Began { phase: phase.clone() });
        self.current = Some((phase, Instant::now()));
    }

    pub(super) fn done(&mut self) {
        let Some((phase, since)) = self.current.take() else { return };
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        (self.sink)(&Event::Done { micros });
        self.phases.push((phase, micros));
    }

    pub(super) fn note(&mut self, text: String) {
        (self.sink)(&Event::Note { text });
    }

    /// The phases that are over, in order, with their times in microseconds.
    pub(super) fn phases(&self) -> &[(String, u64)] {
        &self.phases
    }
}
