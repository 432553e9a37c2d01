//! Predictor files: a description, and the tensors of the network that it claims.

use promoter::Predictor;
use promoter::predictor::Description;
use promoter::seq::Table;
use promoter::torch::Params;
use promoter::torch::file::Tensors;
use tch::Device;

use crate::scratch;

/// Most numbers and bases for which tensors are made and a sequence is predicted: larger ones only take time.
const MOST: i64 = 1 << 16;

/// The bytes are a description. One that is loaded predicts, and is written and read again as the same.
pub(crate) fn predictor(data: &[u8]) {
    let path = scratch::path("model.safetensors");
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut tensors = Tensors { metadata: text.to_owned(), ..Tensors::default() };
    let description = serde_json::from_str::<Description>(text);
    if let Ok(Description { network, encoding, .. }) = &description
        && let Ok(plan) = network.plan()
    {
        let numbers: i64 = plan.iter().map(|tensor| tensor.shape.iter().product::<i64>()).sum();
        let input = network.input();
        if numbers > MOST || input.length > MOST || encoding.fit().length as i64 > MOST {
            return;
        }
        let mut params = Params::new(Device::Cpu, 1);
        network.build(&mut params).unwrap();
        tensors.tensors = Tensors::of(&params).unwrap().tensors;
    }
    tensors.write(&path).unwrap();
    let Ok(predictor) = Predictor::load(&path, Device::Cpu) else { return };
    let mut table = Table::default();
    table.push(&[0, 1, 2, 3, 14], 0.0);
    let _ = predictor.predict_table(&table, None);
    predictor.save(&path).unwrap();
    let again = Predictor::load(&path, Device::Cpu).unwrap();
    // As text: a number may be NaN, which is not equal to itself.
    assert_eq!(format!("{:?}", again.description()), format!("{:?}", predictor.description()));
}
