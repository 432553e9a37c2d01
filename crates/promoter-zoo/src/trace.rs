//! The layer table of a network: what each layer put out, and at what cost.

use std::cell::RefCell;

use tch::Tensor;

/// One layer's part in a forward pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Name of the layer, as in the names of its parameters.
    pub layer: String,
    /// What kind of layer it is.
    pub kind: &'static str,
    /// Shape of its output.
    pub output: Vec<i64>,
    /// Products that are added up in it, for the whole batch.
    pub multiply_adds: u64,
}

thread_local! {
    static ROWS: RefCell<Option<Vec<Row>>> = const { RefCell::new(None) };
}

/// Runs a forward pass and returns its layers in the order they ran.
pub fn trace<T>(forward: impl FnOnce() -> T) -> (T, Vec<Row>) {
    ROWS.with_borrow_mut(|rows| *rows = Some(Vec::new()));
    let result = forward();
    (result, ROWS.with_borrow_mut(Option::take).unwrap_or_default())
}

/// Adds a row while [`trace`] runs; costs one look at a thread's variable otherwise.
pub(crate) fn record(layer: &str, kind: &'static str, output: &Tensor, multiply_adds: impl FnOnce() -> i64) {
    ROWS.with_borrow_mut(|rows| {
        if let Some(rows) = rows {
            let multiply_adds = u64::try_from(multiply_adds()).unwrap_or(0);
            rows.push(Row { layer: layer.to_owned(), kind, output: output.size(), multiply_adds });
        }
    });
}
