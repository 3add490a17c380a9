use super::*;
use crate::Config;

/// What a scenario does, by acts and names, when nobody else changes the world.
fn acts(seed: u64, count: usize) -> Vec<String> {
    let simulation = Simulation::new(Config::default());
    let mut lively = Lively::new(seed);
    let mut acts = Vec::new();
    while acts.len() < count {
        let Some((act, fields)) = simulation.read(|world| lively.next(world)) else {
            continue;
        };
        let done = control::act(&simulation, act, &fields).unwrap();
        assert!(done["atMicros"].as_u64().unwrap() > 0);
        let user = fields.get("user").map(Value::to_string).unwrap_or_default();
        acts.push(format!("{act} {user}"));
    }
    acts
}

#[test]
fn the_same_seed_gives_the_same_sequence() {
    assert_eq!(acts(7, 300), acts(7, 300));
    assert_ne!(acts(7, 300), acts(8, 300));
}

#[test]
fn a_storm_has_the_same_rate_but_comes_in_bursts() {
    let storm = "storm".parse::<Scenario>().unwrap().with(10.0, 1);
    assert_eq!(storm.due(100), Duration::from_secs(10));
    assert_eq!(storm.due(99), Duration::from_secs_f64(0.99));
}

#[test]
fn a_script_is_sorted_and_a_wrong_line_is_named() {
    let script = "# a comment\n{\"at_ms\":20,\"do\":\"leave\",\"user\":\"nelly\"}\n{\"at_ms\":10,\"do\":\"join\"}\n";
    let Script::Lines(lines) = script.parse::<Scenario>().unwrap().script else {
        panic!()
    };
    assert_eq!(
        lines
            .iter()
            .map(|line| line.act.as_str())
            .collect::<Vec<_>>(),
        ["join", "leave"]
    );
    let error = "{\"at_ms\":1,\"do\":\"join\"}\nnonsense"
        .parse::<Scenario>()
        .unwrap_err();
    assert!(error.to_string().starts_with("line 2:"), "{error}");
}
