//! Writes what the programs in C are given into a folder: see `issued.rs`.

mod issued;

use std::{env, error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os()
        .nth(1)
        .ok_or("name the folder to write to: inputs FOLDER")?;
    issued::write(Path::new(&folder))?;
    Ok(())
}
