//! The model card: what a predictor is, for people.

use std::path::Path;

use promoter_train::encoding::Encoding;

use super::{Predictor, Training};

/// The card of a predictor that is saved as `path`, in Markdown.
pub(super) fn text(predictor: &Predictor, path: &Path) -> String {
    let description = &predictor.description;
    let fit = description.encoding.fit();
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let title = if description.title.is_empty() { description.network.name() } else { &description.title };
    let (start, end) = description.encoding.window();
    let letters = match &description.encoding {
        Encoding::OneHot { policy, .. } => {
            format!("channels {}; N: {:?}, other ambiguity codes: {:?}", policy.order, policy.n, policy.iupac)
        }
        Encoding::Kmer { k, oov, .. } => format!("a vector for each {k}-mer; those with other letters: {oov:?}"),
    };
    let mut text = format!(
        "# {title}\n\n\
         Predicts the expression that a promoter drives from its sequence. Written by promoter {version}.\n\n\
         ```sh\npromoter predict {file} sequences.fa -o predictions.tsv\n```\n\n\
         ## Model\n\n\
         | | |\n|---|---|\n\
         | network | `{network}`, {parameters} parameters |\n\
         | input | {length} bases, of which {start}..{end}; longer: {longer:?}, shorter: {shorter:?} |\n\
         | letters | {letters} |\n\
         | label | {label}: predictions are {unit} |\n",
        version = description.version,
        network = description.network.name(),
        parameters = predictor.parameters(),
        length = fit.length,
        longer = fit.longer,
        shorter = fit.shorter,
        label = description.label.transform().name(),
        unit = match description.label {
            promoter_label::Fitted::Rank => "ranks",
            _ => "in the units of the training labels",
        },
    );
    if !description.names.is_empty() {
        text += &format!("| labels | {}: choose one with `--label` |\n", description.names.join(", "));
    }
    if let Some(training) = &description.training {
        text += &self::training(training);
    }
    text + "\n## Limits\n\n\
            It has learnt from one assay, host and construct; what it says about other promoters, hosts or growth \
            conditions is a guess. Ranks are more reliable than absolute values.\n"
}

fn training(training: &Training) -> String {
    let Training { experiment, epoch, epochs, chosen_by, validation, metrics, environment } = training;
    let scores = [
        ("pearson", validation.pearson),
        ("spearman", validation.spearman),
        ("r2", validation.r2),
        ("mse", validation.mse),
        ("mae", validation.mae),
    ];
    let rows: String = scores
        .map(|(name, value)| {
            let definition = metrics.get(name).map_or("", String::as_str);
            format!("| {name} | {value:.4} | {definition} |\n")
        })
        .concat();
    format!(
        "\n## Validation\n\n\
         {n} rows that did not train, in units of the transformed label. Epoch {epoch} of {epochs}, chosen by \
         {chosen_by}.\n\n| metric | value | what it is |\n|---|---|---|\n{rows}\n\
         ## Training\n\n\
         On {device} ({cpu}), {threads} threads, LibTorch {libtorch}, promoter {version} {commit}.\n\n\
         ```toml\n{experiment}```\n",
        n = validation.n,
        epoch = epoch + 1,
        chosen_by = chosen_by.name(),
        device = environment.device,
        cpu = environment.cpu,
        threads = environment.threads,
        libtorch = environment.libtorch,
        version = environment.version,
        commit = environment.commit,
    )
}
