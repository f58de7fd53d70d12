//! The same cases against the three real gateways and against the simulator that plays them.

mod cases;
mod simulated;
mod subject;

use ::comeback::drill::simulator::Flavour;
use rstest::rstest;

use crate::harness::World;
use subject::script;

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_real_gateway_conforms(#[case] version: &str) {
    cases::all(&mut World::new(version, script));
}

#[rstest]
#[case::v2026_5_28(Flavour::V2026_5_28)]
#[case::v2026_7_1(Flavour::V2026_7_1)]
#[case::v2026_9_6(Flavour::V2026_9_6)]
fn the_simulator_conforms(#[case] flavour: Flavour) {
    let mut simulated = simulated::Simulated::new(flavour);
    cases::all(&mut simulated);
    assert_eq!(simulated.faults(), Vec::<String>::new());
}
