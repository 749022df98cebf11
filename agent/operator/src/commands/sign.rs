//! `latch sign`

use std::path::PathBuf;

use clap::Args;
use latch_issue::{RoleKey, Statement, now, verify_revocation, verify_succession, verify_time};
use latch_operator::{
    Field, Fields, describe, describe_refusal, foresee, genuine_release, role_name, role_of,
    write_new, write_over,
};
use latch_verify::{Refusal, statement::Root, types::KeyId, verdict::TrustRoot, wire::Kind};

use crate::{
    cli::Globals,
    context::{Context, read_statement, shown},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
Shows what is being signed before the signature is written. The file is replaced as a whole,
or left as it was.

Examples:
  latch sign change.code --key keys/ben.pem
  latch sign root-2.latch --key offline/root-b.pem
  latch sign pump-1.1.0.latch --key release-2.pem --out signed.latch";

/// Add a signature to a statement
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SignArgs {
    /// The statement: a code, a release manifest, a trust root, a revocation, a stop slip, the time
    file: PathBuf,
    /// The private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Write to a new file instead of into the same one
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &SignArgs) -> Result<(), Failure> {
    let context = Context::open_if_there(globals, output)?;
    let trust = context.as_ref().map(Context::trust).transpose()?;
    let mut statement = read_statement(&args.file)?;
    let key = RoleKey::load(&args.key)?;
    let shown_before = describe(&statement, trust.as_ref(), &|_| None)?;
    output.note(shown_before.to_text());
    statement.countersign(&key)?;
    match &args.out {
        Some(out) => write_new(out, statement.bytes())?,
        None => write_over(&args.file, statement.bytes())?,
    }
    let in_force = trust.as_ref().and_then(|trust| role_of(trust, key.id()));
    let role = in_force.or_else(|| own_role(&statement, key.id()));
    let missing = trust.as_ref().and_then(|trust| missing(trust, &statement));
    let signers: Vec<String> = statement
        .signers()
        .iter()
        .map(ToString::to_string)
        .collect();
    let file = args.out.as_ref().unwrap_or(&args.file);
    let fields = Fields::new()
        .text("statement", statement.id())
        .text("key", key.id())
        .with("role", Field::from(role))
        .with("signers", signers)
        .with(
            "missing",
            Field::from(missing.as_ref().map(describe_refusal)),
        )
        .with("file", shown(file));
    output.result(
        &fields,
        format_args!(
            "{} signed by {} into {}",
            statement.id(),
            key.id(),
            file.display()
        ),
    );
    if trust.is_some() && role.is_none() {
        output.note(format_args!(
            "the trust root does not list key {}: devices will refuse the statement",
            key.id()
        ));
    }
    if let Some(refusal) = missing {
        output.note(format_args!(
            "not complete yet: {}",
            Failure::from(refusal).message()
        ));
    }
    Ok(())
}

/// What devices would still refuse about it.
fn missing(trust: &TrustRoot, statement: &Statement) -> Option<Refusal> {
    match statement.kind() {
        Kind::Code => foresee(trust, statement, now().ok()?).err(),
        Kind::Manifest => genuine_release(statement.bytes(), trust).err(),
        Kind::Root if is_first(statement) => TrustRoot::first(statement.bytes()).err(),
        Kind::Root => verify_succession(trust, statement, &[]).err(),
        Kind::Revocation | Kind::StopSlip => verify_revocation(statement, trust).err(),
        Kind::Time => verify_time(statement, trust).err(),
        _ => None,
    }
}

fn is_first(statement: &Statement) -> bool {
    statement
        .body::<Root<'_>>()
        .is_ok_and(|root| root.version == 1)
}

/// The role that a trust root gives a key that signs it.
fn own_role(statement: &Statement, key: KeyId) -> Option<&'static str> {
    let root: Root<'_> = statement.body().ok()?;
    let ring = root.key_ring().ok()?;
    ring.role(key).map(role_name)
}
