//! The motifs that were found, as a page.

use std::fmt::Write as _;

use promoter::encode::base;
use promoter::explain::{Discovered, Found};
use promoter::logo::{self, Logo, Mark};
use promoter::motif::Motif;

use super::{Explained, known_as};

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Motifs</title>
<style>body { font-family: sans-serif; max-width: 90em; margin: 1em auto; padding: 0 1em }
div { overflow-x: auto } table { border-collapse: collapse } th, td { padding: .2em .8em; border-bottom: 1px solid #ccc;
text-align: left } td.number { text-align: right }</style></head>
<body><h1>Motifs that the model has learnt</h1>
";

const EXPLANATION: &str = "<p>A motif is made of stretches that stand out in what each base contributes to the \
    prediction, and that read the same on either strand. Its effect is the mean sum of the contributions of its sites, \
    in the units of the training labels. The q-value is the share of such matches that chance would make.</p>\n";

const TRACKS: &str = "<h2>Sequences with their sites</h2>\n<p>The height of a letter is the average drop of the \
    prediction when another base takes its place; letters below the axis lower the prediction. The number after each \
    name is the prediction. Bars mark sites.</p>\n";

/// The page, with the first `tracks` sequences that have a site.
pub(super) fn draw(found: &Discovered, known: &[Motif], explained: &Explained, tracks: usize) -> String {
    let (seqlets, left_over, sequences) = (found.seqlets, found.left_over, explained.rows.len());
    // Writing into a string cannot fail: results are passed over here.
    let mut page = String::from(HEAD);
    let _ = writeln!(page, "<p>{sequences} sequences, {seqlets} seqlets, of which {left_over} belong to no motif.</p>");
    page += EXPLANATION;
    if found.motifs.is_empty() {
        return page + "<p>No motifs: no ten seqlets read the same.</p>\n</body></html>\n";
    }
    page += "<div><table>\n<tr><th>motif</th><th>logo</th><th>sites</th><th>sequences</th><th>effect</th>\
             <th>known as</th><th>q-value</th></tr>\n";
    let mut pictures = Pictures::default();
    for motif in &found.motifs {
        row(&mut page, motif, known, &mut pictures);
    }
    page += "</table></div>\n";
    let logos = logos(found, known, explained, tracks);
    if !logos.is_empty() {
        let _ = writeln!(page, "{TRACKS}<div>{}</div>", pictures.next(&Logo::svg(&logos)));
    }
    page + "</body></html>\n"
}

fn row(page: &mut String, found: &Found, known: &[Motif], pictures: &mut Pictures) {
    let (name, accession) = known_as(found, known);
    let q_value = found.best.map_or(String::new(), |best| format!("{:.1e}", best.q_value));
    let _ = writeln!(
        page,
        "<tr><td>{}<br>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
         <td class=\"number\">{:+.3}</td><td>{}<br>{}</td><td class=\"number\">{q_value}</td></tr>",
        escape(found.motif.name()),
        found.motif.consensus(),
        pictures.next(&logo::svg_of_motifs(std::slice::from_ref(&found.motif))),
        found.sites.len(),
        found.sequences,
        found.effect,
        escape(name),
        escape(accession),
    );
}

/// Pictures of one page: the first has the letters that the others refer to.
#[derive(Default)]
struct Pictures(usize);

impl Pictures {
    fn next(&mut self, svg: &str) -> String {
        self.0 += 1;
        match (self.0, svg.find("<defs>"), svg.find("</defs>")) {
            (2.., Some(start), Some(end)) => [&svg[..start], &svg[end + "</defs>".len()..]].concat(),
            _ => svg.to_owned(),
        }
    }
}

/// Sequences with their sites.
fn logos(found: &Discovered, known: &[Motif], explained: &Explained, tracks: usize) -> Vec<Logo> {
    let mut marks: Vec<Vec<Mark>> = vec![Vec::new(); explained.rows.len()];
    for motif in &found.motifs {
        let name = match known_as(motif, known).0 {
            "" => motif.motif.name(),
            name => name,
        };
        for site in &motif.sites {
            let (start, length) = (site.bases.start, site.bases.len());
            marks[site.sequence].push(Mark { start, length, name: format!("{name} ({})", site.strand) });
        }
    }
    let logo = |(row, mut marks): (usize, Vec<Mark>)| {
        marks.sort_by_key(|mark| mark.start);
        Logo {
            title: format!("{}: {:.2}", explained.names[row], explained.predictions[row]),
            letters: explained.rows[row].iter().map(|&code| base::to_ascii(code)).collect(),
            heights: explained.tracks[row].clone(),
            marks,
        }
    };
    marks.into_iter().enumerate().filter(|(_, marks)| !marks.is_empty()).take(tracks).map(logo).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
