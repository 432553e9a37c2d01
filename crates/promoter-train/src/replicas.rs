//! Replicas: one network on several threads, each with a part of the batch.
//!
//! On a CPU the operations of a network are too small to be shared among threads: they wait for each other at every
//! one. A replica has the network's parameters, a thread of its own with its share of LibTorch's threads, and a piece
//! of each batch; gradients are summed in the order of the pieces, so that the bytes do not depend on timing.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::model::Model;
use crate::{Error, Experiment};

type Job = Box<dyn FnOnce(&Model) + Send>;

/// The replicas beside the network itself, which the calling thread works with.
#[derive(Debug)]
pub(crate) struct Replicas {
    workers: Vec<Sender<Job>>,
    /// Threads that LibTorch had in the calling thread.
    threads: i32,
}

impl Replicas {
    /// As many replicas as the experiment says, the model itself among them.
    ///
    /// # Errors
    /// Those of [`Model::replica`].
    pub(crate) fn new(experiment: &Experiment, model: &Model) -> Result<Self, Error> {
        let (replicas, threads) = (experiment.training.replicas.unwrap_or(1), tch::get_num_threads());
        let share = (threads / replicas as i32).max(1);
        let mut workers = Vec::new();
        for _ in 1..replicas {
            let (sender, jobs) = channel::<Job>();
            let replica = model.replica(experiment)?;
            thread::spawn(move || {
                tch::set_num_threads(share);
                jobs.into_iter().for_each(|job| job(&replica));
            });
            workers.push(sender);
        }
        if replicas > 1 {
            tch::set_num_threads(share);
        }
        Ok(Self { workers, threads })
    }

    /// Number of replicas.
    pub(crate) fn len(&self) -> usize {
        self.workers.len() + 1
    }

    /// Does something with every replica but the model itself.
    ///
    /// # Errors
    /// [`Error::Replica`], and what `work` returns.
    pub(crate) fn each<I: Send + 'static>(
        &self,
        items: Vec<I>,
        work: fn(&Model, I) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let results = items.into_iter().enumerate().map(|(i, item)| self.send(i, item, work));
        let results: Vec<_> = results.collect::<Result<_, _>>()?;
        results.into_iter().enumerate().try_for_each(|(i, result)| receive(i, &result))
    }

    /// Works on items, one for each replica at most, the first with the model itself; the results are in the order of
    /// the items.
    ///
    /// # Errors
    /// [`Error::Replica`], and what `work` returns.
    pub(crate) fn map<I: Send + 'static, R: Send + 'static>(
        &self,
        model: &Model,
        items: Vec<I>,
        work: fn(&Model, I) -> Result<R, Error>,
    ) -> Result<Vec<R>, Error> {
        let mut items = items.into_iter();
        let Some(first) = items.next() else { return Ok(Vec::new()) };
        let others = items.enumerate().map(|(i, item)| self.send(i, item, work)).collect::<Result<Vec<_>, _>>()?;
        let first = work(model, first);
        // Whatever the first result is: no replica is left behind with its work.
        let others: Vec<_> = others.into_iter().enumerate().map(|(i, result)| receive(i, &result)).collect();
        std::iter::once(first).chain(others).collect()
    }

    fn send<I: Send + 'static, R: Send + 'static>(
        &self,
        worker: usize,
        item: I,
        work: fn(&Model, I) -> Result<R, Error>,
    ) -> Result<Receiver<Result<R, Error>>, Error> {
        let (sender, result) = channel();
        let job: Job = Box::new(move |model| {
            // Nobody waits for a result after an error elsewhere.
            let _ = sender.send(work(model, item));
        });
        let ended = Error::Replica { replica: worker + 1 };
        self.workers.get(worker).and_then(|jobs| jobs.send(job).ok()).ok_or(ended)?;
        Ok(result)
    }
}

impl Drop for Replicas {
    fn drop(&mut self) {
        tch::set_num_threads(self.threads);
    }
}

fn receive<R>(worker: usize, result: &Receiver<Result<R, Error>>) -> Result<R, Error> {
    result.recv().unwrap_or(Err(Error::Replica { replica: worker + 1 }))
}
