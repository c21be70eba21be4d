//! An independent Sigma engine (rsigma) behind the two questions that this folder asks it:
//!
//!   sigma-peer hits RULES PIPELINE EVENTS      "record<TAB>rule id" for each hit, records from 0
//!   sigma-peer time RULES PIPELINE EVENTS N    the fastest of N passes, in one thread, as JSON
//!
//! PIPELINE says, in that engine's own words, which events a log source is. Its index of
//! witnesses is always on; its pruning by log source is told that all events are Windows'.

use std::io::Write;
use std::time::Instant;

use rsigma_eval::{Engine, JsonEvent, parse_pipeline_file};
use rsigma_parser::{LogSource, parse_sigma_directory};

struct Peer {
    engine: Engine,
    all: LogSource,
    refused: usize,
}

fn load(rules: &str, pipeline: &str) -> Peer {
    let collection = parse_sigma_directory(rules.as_ref()).expect("rules");
    let mut engine = Engine::new();
    engine.add_pipeline(parse_pipeline_file(pipeline.as_ref()).expect("pipeline"));
    let errors = engine.add_rules(collection.rules.iter());
    for (at, error) in &errors {
        eprintln!("refused {:?}: {error}", collection.rules[*at].id);
    }
    for error in &collection.errors {
        eprintln!("refused: {error}");
    }
    let all = LogSource { product: Some("here".into()), service: Some("here".into()), category: Some("here".into()), ..LogSource::default() };
    Peer { engine, all, refused: errors.len() + collection.errors.len() }
}

fn hits(peer: &Peer, line: &[u8], mut each: impl FnMut(&str)) {
    let Ok(value) = serde_json::from_slice(line) else { return };
    let event = JsonEvent::owned(value);
    for result in peer.engine.evaluate_pruned(&event, &peer.all) {
        each(result.header.rule_id.as_deref().unwrap_or(""));
    }
}

fn pass(peer: &Peer, events: &[u8]) -> (u64, u64) {
    let (mut records, mut found) = (0, 0);
    for line in events.split(|c| *c == b'\n').filter(|l| !l.is_empty()) {
        records += 1;
        hits(peer, line, |_| found += 1);
    }
    (records, found)
}

fn time(peer: &Peer, events: &[u8], passes: u32) {
    let mut best = f64::MAX;
    let (mut records, mut found) = (0, 0);
    for _ in 0..passes {
        let from = Instant::now();
        (records, found) = pass(peer, events);
        best = best.min(from.elapsed().as_secs_f64());
    }
    println!(
        "{{\"engine\":\"rsigma-eval 0.23.0\",\"rules\":{},\"refused\":{},\"records\":{records},\
         \"hits\":{found},\"seconds\":{best:.4},\"events_per_second\":{:.0}}}",
        peer.engine.rule_count(),
        peer.refused,
        records as f64 / best
    );
}

fn list(peer: &Peer, events: &[u8]) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (at, line) in events.split(|c| *c == b'\n').filter(|l| !l.is_empty()).enumerate() {
        hits(peer, line, |rule| writeln!(out, "{at}\t{rule}").expect("stdout"));
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[1..] {
        ["hits", rules, pipeline, events] => {
            list(&load(rules, pipeline), &std::fs::read(events).expect(events));
        }
        ["time", rules, pipeline, events, passes] => {
            let peer = load(rules, pipeline);
            time(&peer, &std::fs::read(events).expect(events), passes.parse().expect("passes"));
        }
        _ => {
            eprintln!("sigma-peer hits|time RULES PIPELINE EVENTS [PASSES]");
            std::process::exit(3);
        }
    }
}
