//! `latch init`

use std::path::PathBuf;

use clap::Args;
use latch_operator::{Fields, create};
use latch_verify::types::TenantId;

use crate::{cli::Globals, context::shown, failure::Failure, output::Output};

/// The broker of a project for which none is named.
const DEFAULT_BROKER: &str = "mqtt://localhost:1883";

const AFTER_HELP: &str = "\
Makes latch.toml, root.toml (whose signatures devices obey, and for what), keys/ with one
private key a role (mode 0600), and root.latch, the trust root signed by the root key.
Nothing that is there is ever written over.

Examples:
  latch init --tenant acme
  latch init fleet --tenant acme --broker mqtts://broker.example.org";

/// Make a project: keys, rules and the first trust root
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct InitArgs {
    /// The project's folder [default: --dir, or the current folder]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The tenant: a name of 1 to 16 of A-Z a-z 0-9 . _ -, or 32 hexadecimal digits
    #[arg(long)]
    tenant: TenantId,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &InitArgs) -> Result<(), Failure> {
    let folder = args
        .folder
        .as_ref()
        .or(globals.dir.as_ref())
        .cloned()
        .unwrap_or_else(|| ".".into());
    let broker = globals.broker.as_deref().unwrap_or(DEFAULT_BROKER);
    let created = create(&folder, args.tenant, broker)?;
    let keys: Vec<Fields> = created
        .keys
        .iter()
        .map(|(role, id, file)| {
            Fields::new()
                .with("role", *role)
                .text("key", id)
                .with("file", shown(file))
        })
        .collect();
    let fields = Fields::new()
        .with("dir", shown(&created.folder))
        .text("tenant", args.tenant)
        .with("broker", created.broker)
        .text("root", created.root.id())
        .with("keys", keys);
    output.show(&fields);
    let at = created.folder.display();
    if names_password(broker) {
        output.note(
            "The broker's password stands in latch.toml now: better put it into a file of mode 0600, and name that by password-file.",
        );
    }
    output.note(format_args!(
        "
Next:
  1. Keep {at}/keys/root.pem offline: it can replace every other key.
  2. Read {at}/root.toml. To change it before the first device: `latch root build`.
  3. On a device, make its key and request: `latch-agent new --tenant {} --product PRODUCT --device NAME --dir STATE`.
  4. Take the request here: `latch device enroll REQUEST`, and carry the bundle to the device.",
        args.tenant
    ));
    Ok(())
}

/// Whether a broker's address has a password in it.
fn names_password(broker: &str) -> bool {
    broker
        .rsplit_once('@')
        .is_some_and(|(before, _)| before.matches(':').count() > 1)
}
