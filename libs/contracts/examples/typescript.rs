//! Writes the TypeScript side of the contracts to `libs/browser/src/contracts.ts`; run by `make types`.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../browser/src/contracts.ts");
    fs::write(path, contracts::typescript::module())
}
