//! `latch root next`

use std::path::{Path, PathBuf};

use clap::Args;
use latch_issue::{Consequence, RoleKey, RootPlan, Statement, Weight, verify_succession};
use latch_operator::{Field, Fields, Successor, write_new, write_over};
use latch_verify::{
    Reason, Refusal,
    statement::Root,
    types::KeyId,
    wire::{KeyRing, Role},
};

use crate::{
    cli::Globals,
    context::{Context, shown},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
Devices take a successor that as many root keys as the root in force asks for have signed,
and as many as it asks for itself. A plan is shown before anything is signed: what the new
root locks out, what it voids, who is new. Where it locks something out for everybody, nothing
is signed without --allow-lock-outs.

The version is the next one, whether or not the rules say so already; the rules file is made
to say it. A raised epoch voids every code that was signed before.

Examples:
  latch root next --plan
  latch root next
  latch root next --raise-epoch --key offline/root-a.pem
  latch sign root-2.latch --key offline/root-b.pem   # where more root keys must sign
  latch root publish root-2.latch";

/// Make the successor of the trust root in force
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct NextArgs {
    /// The rules [default: root.toml in the project]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Begin a new epoch
    #[arg(long)]
    raise_epoch: bool,
    /// Show the plan, and sign nothing
    #[arg(long, conflicts_with_all = ["out", "keys"])]
    plan: bool,
    /// Sign although it locks something out
    #[arg(long)]
    allow_lock_outs: bool,
    /// Sign with this root key instead of the project's (repeat for more)
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Where to write it [default: root-VERSION.latch in the project]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &NextArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let trust = context.trust()?;
    let rules = match &args.rules {
        Some(file) => file.clone(),
        None => context.project.rules_file(),
    };
    let Successor {
        plan,
        version,
        rules: renumbered,
    } = Successor::plan(&rules, &trust, args.raise_epoch)?;
    let root: Root<'_> = plan.draft().body()?;
    let ring = root.key_ring()?;
    let devices = context.project.device_keys()?;
    if devices.iter().any(|device| ring.role(*device).is_some()) {
        return Err(Refusal::from(Reason::DeviceKeyListed).into());
    }
    for consequence in plan.consequences() {
        output.note(line(consequence));
    }
    let about = Fields::new()
        .text("statement", plan.draft().id())
        .with("version", version)
        .with("epoch", root.epoch)
        .with("plan", consequences(plan.consequences()));
    if args.plan {
        let id = plan.draft().id();
        let words = format_args!("version {version} is planned ({id}), and nothing is signed");
        output.result(&about, words);
        return Ok(());
    }
    if !args.allow_lock_outs {
        refuse_lock_outs(plan.consequences(), &about)?;
    }
    let keys = signing_keys(&context, args, [trust.ring(), &ring])?;
    let (statement, missing) = sign(plan, &keys)?;
    if missing.is_empty() {
        verify_succession(&trust, &statement, &devices)?;
    }
    let out = args.out.clone().unwrap_or_else(|| {
        let name = format!("root-{version}.latch");
        context.project.folder().join(name)
    });
    write_new(&out, statement.bytes())?;
    if let Some(text) = renumbered {
        write_over(&rules, text.as_bytes())?;
        output.note(format_args!("{} has its numbers now", rules.display()));
    }
    tell(output, about, &statement, &missing, &out);
    Ok(())
}

/// The keys at hand: those named, or those of the project's that count under one of the roots.
fn signing_keys(
    context: &Context,
    args: &NextArgs,
    rings: [&KeyRing; 2],
) -> Result<Vec<RoleKey>, Failure> {
    let counts = |key: &RoleKey| {
        rings
            .iter()
            .any(|ring| ring.role(key.id()) == Some(Role::Root))
    };
    let mut keys = context.project.root_keys(&args.keys)?;
    if args.keys.is_empty() {
        keys.retain(counts);
    }
    let stranger = keys.iter().find(|key| !counts(key)).map(RoleKey::id);
    match stranger {
        None if keys.is_empty() => Err(Failure::failed(
            "no key of the project is a root key, neither of the root in force nor of the new one",
        )
        .hint("name one by --key, or under [keys] in latch.toml")),
        None => Ok(keys),
        Some(key) => Err(Failure::refused(
            format_args!(
                "key {key} is a root key neither of the root in force nor of the new one: devices would refuse what it has signed"
            ),
            Reason::UnknownKey.into(),
        )),
    }
}

/// Signs the plan's root; also says what other keys have to add.
fn sign(plan: RootPlan, keys: &[RoleKey]) -> Result<(Statement, Vec<String>), Failure> {
    let signers: Vec<KeyId> = keys.iter().map(RoleKey::id).collect();
    let missing = plan.shortfalls(&signers);
    let missing = missing.iter().map(ToString::to_string).collect();
    let statement = plan.into_draft().sign(&keys.iter().collect::<Vec<_>>())?;
    Ok((statement, missing))
}

fn refuse_lock_outs(plan: &[Consequence], about: &Fields) -> Result<(), Failure> {
    let lock_outs = plan
        .iter()
        .filter(|consequence| consequence.weight() == Weight::LocksOut)
        .count();
    if lock_outs == 0 {
        return Ok(());
    }
    let message =
        format_args!("this root locks out {lock_outs} ways that are open now: nothing was signed");
    Err(Failure::conflict(message)
        .hint("change the rules, or accept it with --allow-lock-outs")
        .found(about.clone()))
}

fn tell(output: Output, about: Fields, statement: &Statement, missing: &[String], out: &Path) {
    let signers: Vec<String> = statement.signers().iter().map(KeyId::to_string).collect();
    let fields = about
        .with("signers", signers)
        .with("missing", missing.to_vec())
        .with("file", shown(out));
    output.result(
        &fields,
        format_args!("{} written to {}", statement.id(), out.display()),
    );
    for missing in missing {
        output.note(format_args!("not complete yet: {missing}"));
    }
    if missing.is_empty() {
        output.note(format_args!(
            "put it in force with `latch root publish {}`",
            out.display()
        ));
    } else {
        output.note(format_args!(
            "let others add theirs with `latch sign {} --key KEY`",
            out.display()
        ));
    }
}

fn line(consequence: &Consequence) -> String {
    let mark = match consequence.weight() {
        Weight::LocksOut => "LOCKS OUT",
        Weight::Voids => "voids    ",
        Weight::Notice => "notice   ",
    };
    format!("{mark}  {consequence}")
}

fn consequences(plan: &[Consequence]) -> Vec<Fields> {
    let fields = |consequence: &Consequence| {
        let weight = match consequence.weight() {
            Weight::LocksOut => "locks-out",
            Weight::Voids => "voids",
            Weight::Notice => "notice",
        };
        Fields::new()
            .with("weight", weight)
            .text("sentence", consequence)
            .with(
                "detail",
                Field::from(serde_json::to_value(consequence).ok()),
            )
    };
    plan.iter().map(fields).collect()
}
