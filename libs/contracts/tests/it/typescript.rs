use std::{fs, path::Path};

use contracts::{EventKind, typescript};

#[test]
fn the_typescript_types_are_those_of_the_rust_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../browser/src/contracts.ts");
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == typescript::module(),
        "libs/browser/src/contracts.ts is out of date: run `make types` and commit it"
    );
}

#[test]
fn every_event_has_a_payload_type_of_its_own() {
    let module = typescript::module();
    for kind in EventKind::ALL {
        assert!(
            module.contains(&format!("  \"{kind}\": {kind:?};\n")),
            "{kind} is not in the map"
        );
        assert!(
            module.contains(&format!("export type {kind:?} = ")),
            "{kind:?} is not declared"
        );
    }
}

#[test]
fn no_number_is_a_bigint() {
    let module = typescript::module();
    assert!(
        !module.contains("bigint"),
        "JSON.parse makes numbers, never a bigint"
    );
}
