//! An experiment as a file that says why.

use std::path::Path;

use promoter_label::Transform;
use promoter_seq::read::{Columns, ReadOptions};
use promoter_seq::{Replicates, Split};
use promoter_zoo::registry::NetworkConfig;
use toml::{Table, Value};

use super::survey::Survey;
use super::{Effort, Learning, Recipe};
use crate::Error;
use crate::loss::Loss;

/// Everything that the rules have decided.
pub(super) struct Choices<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) options: ReadOptions,
    pub(super) survey: Survey,
    pub(super) learning: Learning,
    pub(super) split: Split,
    pub(super) effort: Effort,
    pub(super) network: Option<NetworkConfig>,
}

/// Length and passes of a training.
struct Pace {
    epochs: usize,
    batch_size: usize,
    lr: f64,
}

/// The file of an experiment.
///
/// # Errors
/// [`Error::Network`] for a network that cannot have the length.
pub(super) fn write(choices: &Choices) -> Result<String, Error> {
    let parts = [
        head(choices),
        data(choices),
        split(choices),
        encoding(choices),
        label(choices),
        network(choices)?,
        training(choices),
    ];
    Ok(parts.join("\n"))
}

fn head(Choices { recipe, survey, .. }: &Choices) -> String {
    let file = recipe.data.file_name().map(Path::new).unwrap_or(&recipe.data).display().to_string();
    let Survey { rows, lowest, highest, .. } = survey;
    let title = match &recipe.labels[..] {
        [] => file,
        labels => format!("{} of {file}", labels.join(", ")),
    };
    format!(
        "# An experiment for {rows} rows with labels from {lowest} to {highest}. `promoter train FILE` runs it,\n# \
         `promoter train FILE --print-config` shows the defaults of all other keys.\n\ntitle = {}\nseed = 1\n",
        quoted(&title)
    )
}

fn data(Choices { recipe, options, .. }: &Choices) -> String {
    let mut text = format!(
        "# Relative paths start at the folder in which the command runs.\n[data.file]\npath = {}\n\n[data.file.read]\n\
         missing_labels = \"skip\" # rows with an empty label, NA or NaN\n",
        quoted(&recipe.data.to_string_lossy())
    );
    if let Columns::Named { sequence, label } = &options.columns {
        let label = label.as_ref().map_or_else(String::new, |label| format!(", label = {}", quoted(label)));
        text += &format!("columns = {{ named = {{ sequence = {}{label} }} }}\n", quoted(sequence));
    }
    if let Some(group) = &recipe.group {
        text += &format!("keep = [{}] # for the split\n", quoted(group));
    }
    text
}

fn split(Choices { split, .. }: &Choices) -> String {
    let end = "validation = 0.1 # chooses the epoch\ntest = 0.1 # is scored once, at the end\nseed = 1\n";
    match split {
        Split::Group { column, .. } => format!(
            "# Rows of one group stay in one part.\n[split]\nkind = \"group\"\ncolumn = {}\n{end}",
            quoted(column)
        ),
        Split::Kmers { k, left, right, .. } => format!(
            "# Rows that share {k} bases stay in one part: no relative of a row that is scored is trained on.\n# \
             Flanks that most rows have in common do not count: `left` bases at the start, `right` at the end.\n\
             [split]\nkind = \"kmers\"\nk = {k}\nleft = {left}\nright = {right}\n{end}"
        ),
        _ => format!(
            "# At random: nearly all rows are related, so that no split keeps relatives in one part.\n# Scores are \
             too good for sequences unlike these.\n[split]\nkind = \"random\"\n{end}"
        ),
    }
}

fn encoding(Choices { survey, .. }: &Choices) -> String {
    let Survey { length, shorter, longer, .. } = survey;
    let which = match (shorter, longer) {
        (0, 0) => format!("All rows have {length} bases."),
        _ => format!("{shorter} rows are shorter than {length} bases, {longer} are longer."),
    };
    format!(
        "# {which} Longer ones keep their last bases, shorter ones get N on the left,\n# which the network sees as \
         zeros.\n[encoding.one_hot]\nfit = {{ length = {length}, longer = \"keep_last\", shorter = \
         {{ pad_left = \"N\" }} }}\n"
    )
}

fn label(Choices { recipe, learning, survey, .. }: &Choices) -> String {
    let transform = learning.transform;
    let why = match transform {
        Transform::Log1p => format!(
            "Labels are at least 0 with a long tail (skewness {:.1}): ln(1 + label) is learnt. \"z_score\" learns\n# \
             the labels as they are",
            survey.skewness
        ),
        Transform::ZScore => "Labels are learnt with mean 0 and standard deviation 1".into(),
        _ => "The network's loss is defined on labels as they are".into(),
    };
    let replicates = match &recipe.replicates {
        None => String::new(),
        Some(Replicates::Mean) => "\"mean\"".to_owned(),
        Some(Replicates::Weight(column)) => format!("{{ weight = {} }}", quoted(column)),
        Some(Replicates::Variance(column)) => format!("{{ variance = {} }}", quoted(column)),
    };
    let mut text =
        format!("# {why}. Predictions have the unit of the label.\n[label]\ntransform = \"{}\"\n", transform.name());
    if let names @ [_, _, ..] = &recipe.labels[..] {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        text += &format!("columns = [{}] # one network learns them all; rows may lack some\n", names.join(", "));
    }
    if !replicates.is_empty() {
        text +=
            &format!("replicates = {replicates} # rows of one sequence become one, with the mean of their labels\n");
    }
    text
}

fn network(Choices { recipe, network, survey, effort, learning, .. }: &Choices) -> Result<String, Error> {
    if let Some(config @ NetworkConfig::Ridge(_)) = network {
        return Ok(format!(
            "# No network: ridge regression on k-mer counts alone.\n[network]\nname = \"ridge\"\n{}\n[loss]\nname = \
             \"mse\"\n",
            fields(config, recipe, survey)?
        ));
    }
    let mut text =
        format!("# Size and passes: {}. `promoter info --help` lists the networks.\n[network]\n", effort.name());
    match network {
        None => {
            let (preset, members) = match effort {
                Effort::Small => ("upstream-small", 5),
                Effort::Medium => ("upstream", 3),
                Effort::Large => ("upstream-large", 3),
            };
            text += &format!(
                "name = {} # {members} networks, whose mean is predicted\nlength = {}\n",
                quoted(preset),
                survey.length
            );
            if recipe.labels.len() > 1 {
                text += &format!("labels = {} # `label.columns`\n", recipe.labels.len());
            }
        }
        Some(preset) => {
            text += &format!("name = {}\n", quoted(recipe.network.as_deref().unwrap_or_default()));
            text += &fields(preset, recipe, survey)?;
        }
    }
    text += match learning.loss {
        Loss::SoftBins => "\n[loss]\nname = \"soft_bins\"\n",
        Loss::Poisson { .. } => "\n[loss]\nname = \"poisson\"\neps = 1e-7\n",
        _ => "\n[loss]\nname = \"mse\"\n",
    };
    Ok(text)
}

/// What a table asks of a network otherwise than its preset has it, one line for each field.
fn fields(preset: &NetworkConfig, recipe: &Recipe, survey: &Survey) -> Result<String, Error> {
    let input = promoter_zoo::Input { length: survey.length as i64, channels: 4 };
    let mut config = preset.clone().with_input(input)?;
    // The check of the experiment refuses a network that has no such number of labels.
    if let Some(several) = config.clone().with_labels(recipe.labels.len().max(1) as i64) {
        config = several;
    }
    Ok(differing(&config, preset).iter().map(|(key, value)| format!("{key} = {value}\n")).collect())
}

/// The fields of a network that are not those of another.
fn differing(config: &NetworkConfig, other: &NetworkConfig) -> Vec<(String, Value)> {
    // Networks are tables of numbers, names and lists, which TOML has.
    let [fields, others] = [config, other].map(|config| Table::try_from(config).unwrap_or_default());
    fields.into_iter().filter(|(key, value)| others.get(key) != Some(value)).collect()
}

fn training(choices: &Choices) -> String {
    if choices.network.as_ref().is_some_and(NetworkConfig::is_ridge) {
        return RIDGE.to_owned();
    }
    let Pace { epochs, batch_size, lr } = pace(choices);
    let steps = if choices.effort == Effort::Large { "checkpoint_steps = 500\n" } else { "" };
    format!(
        r#"# Regulators bind either strand: every row trains as it is and as its reverse complement,
# and a prediction is the mean of both.
[augment]
reverse_complement = "stacked"

[evaluation]
strands = true

[optimiser]
name = "adam_w"
lr = {lr}

[schedule]
name = "one_cycle"

[training]
epochs = {epochs} # passes over the rows
batch_size = {batch_size}
drop_last = true
best = "pearson" # of the validation rows: the epoch that is kept
{steps}batch_norm_averages = "estimated" # from training rows: moving averages lag behind in short runs
with_ridge = true # ridge regression on k-mer counts joins: weight and line are fitted to the rows that validate
precision = "auto" # bf16 where the processor has it
"#
    )
}

/// What an experiment without a network says of its training.
const RIDGE: &str = r#"# Not used: there is nothing to train.
[optimiser]
name = "adam_w"
lr = 0.001

[training]
epochs = 1
batch_size = 1
with_ridge = true # ridge regression on k-mer counts, which is all that predicts
"#;

fn pace(Choices { effort, survey, network, .. }: &Choices) -> Pace {
    /// Rows that pass in all, from which on there are fewer passes.
    const PASSES: usize = 1_200_000;
    let rows = survey.rows;
    let (epochs, batch_size, lr) = match effort {
        Effort::Small => (15, 32, 0.003),
        Effort::Medium => (12, 128, 0.003),
        Effort::Large => ((PASSES / rows).clamp(2, 12), if rows < 500_000 { 128 } else { 512 }, 0.002),
    };
    // Other networks are deeper; and a pass has a few steps at least.
    Pace { epochs, batch_size: batch_size.min(rows / 8), lr: if network.is_some() { 0.001 } else { lr } }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
