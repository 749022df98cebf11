//! The demo from start to end: the product's main job, and what must not be possible.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use latch_issue::{Patch, now};
use latch_mqtt::Endpoint;
use latch_verify::{statement::Audience, types::Version};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    attacks::{self, Attack, Attacks, Scene},
    broker::Broker,
    checks::{self, Counted, Expected},
    error::DemoError,
    options::DemoOptions,
    plan::{Plan, made_up, tenant_name},
    progress::Progress,
    report::{ImageSize, Report, Row, Totals},
    rollout::{self, Kit},
    seed::Seed,
    tenant::Tenant,
    world::{Blueprint, World},
};

/// The release that is rolled out, and the next one.
const FIRST: Version = Version {
    major: 1,
    minor: 1,
    patch: 0,
};
const SECOND: Version = Version {
    major: 1,
    minor: 2,
    patch: 0,
};
/// Security version of both: the floor rises to it with the first.
const SECURITY: u32 = 1;
/// Time for the run to clean up behind itself.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Runs the demo.
///
/// # Errors
/// [`DemoError`] when the run cannot go on. What goes otherwise than it should on a device is in
/// the report, and the report says that it has not passed.
pub async fn run_demo(options: &DemoOptions) -> Result<Report, DemoError> {
    run(options, &Attacks::all()).await
}

/// Runs the demo with this table of attacks.
pub(crate) async fn run(options: &DemoOptions, attacks: &Attacks) -> Result<Report, DemoError> {
    let plan = Plan::new(options)?;
    let begin = Instant::now();
    let broker = match &options.broker {
        None => Some(Broker::start(plan.names.len()).await?),
        Some(_) => None,
    };
    let url = broker
        .as_ref()
        .map(Broker::url)
        .or_else(|| options.broker.clone())
        .unwrap_or_default();
    let endpoint = Endpoint::parse(&url)?;
    let tenant = tenant_name()?;
    let world = World::start(Blueprint {
        endpoint: &endpoint,
        tenant: &tenant,
        seed: plan.seed,
        names: &plan.names,
        slot_size: plan.image.len(),
        progress: Progress::new(options.quiet),
    })
    .await?;
    let found = Act {
        world: &world,
        plan: &plan,
        attacks,
        rows: Rows::default(),
    }
    .play()
    .await;
    let problems = checks::problems(&world.evidence);
    let totals = Totals {
        elapsed_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        traffic: world.traffic.totals(),
    };
    let ended = timeout(END_LIMIT, world.end()).await;
    let Rows {
        steps,
        attacks,
        checks,
        pages,
    } = found?;
    ended.unwrap_or_else(|_| {
        let detail = format!("some retained messages under {tenant} may be left on the broker");
        Err(DemoError::Late {
            what: "cleaning up",
            limit: END_LIMIT,
            detail,
        })
    })?;
    let report = Report {
        schema: Report::SCHEMA,
        passed: false,
        seed: plan.seed.0,
        devices: plan.names.len(),
        broker: endpoint.to_string(),
        tenant,
        image: ImageSize {
            bytes: u32::try_from(plan.image.len()).unwrap_or(u32::MAX),
            pages,
        },
        steps,
        attacks,
        checks,
        totals,
        problems,
    };
    Ok(report.judged())
}

/// The rows of a run.
#[derive(Default)]
struct Rows {
    steps: Vec<Row>,
    attacks: Vec<Row>,
    checks: Vec<Row>,
    pages: u32,
}

/// The run itself.
struct Act<'a> {
    world: &'a World,
    plan: &'a Plan,
    attacks: &'a Attacks,
    rows: Rows,
}

impl Act<'_> {
    async fn play(mut self) -> Result<Rows, DemoError> {
        let Self { world, plan, .. } = self;
        self.rows.steps.push(world.assemble().await?);

        let twin = json!({ "report": { "interval-s": 30 }, "mode": "eco" });
        let (used, row) = rollout::set_twin(world, Patch::from_json(&twin)?).await?;
        self.rows.steps.push(row);
        self.rows
            .steps
            .push(checks::twins(world, "look at the twins", &twin).await?);

        let first = Kit::new(world, FIRST, SECURITY, plan.image.clone())?;
        // Made up even where the first is the user's own, whose pages may be all alike.
        let next = made_up(plan.seed, "next image", plan.image.len());
        let second = Kit::new(world, SECOND, SECURITY, next)?;
        self.rows.pages = first.tree.pages();
        self.roll_out(&first).await?;

        let rival = Tenant::new("rival", Seed(plan.seed.0.wrapping_add(1)))?;
        let cohort = world.fleet.inside(plan.salt, 0..plan.below);
        let (running, coming) = (first.server()?, second.server()?);
        let scene = Scene {
            tenant: &world.tenant,
            rival: &rival,
            fleet: &world.fleet,
            now: now()?,
            used: &used,
            salt: plan.salt,
            below: plan.below,
            cohort: &cohort,
            running: &running,
            coming: &coming,
            image: &first.tree,
        };
        let before = Counted::now(world).await?;
        self.siege("at rest", &self.attacks.at_rest, &scene).await?;
        let still = |_| Expected {
            twin: &twin,
            image: Some(&first),
        };
        self.rows.checks.push(
            checks::unchanged(
                world,
                "look at every device after the attacks at rest",
                still,
            )
            .await?,
        );

        let under_way = rollout::begin(world, &second, &plan.inside()).await?;
        self.siege("that download", &self.attacks.downloading, &scene)
            .await?;
        self.rows
            .checks
            .push(checks::counts_are_signed(world, &before).await?);
        world.pages.serve(second.server()?).await;
        let row = rollout::finish(
            world,
            &second,
            &under_way,
            "genuine pages after the false ones",
        )
        .await?;
        self.rows.checks.push(row);

        rollout::push_out_receipts(world).await?;
        self.siege("long after", &self.attacks.long_after, &scene)
            .await?;
        let inside = |device| cohort.contains(&device);
        let last = |device| Expected {
            twin: &twin,
            image: Some(if inside(device) { &second } else { &first }),
        };
        self.rows
            .checks
            .push(checks::unchanged(world, "look at every device in the end", last).await?);
        self.rows
            .checks
            .push(checks::effects_once(world, used.id()));
        self.rows.checks.push(checks::chains(world).await?);
        Ok(self.rows)
    }

    /// A signed cohort first, then all the rest.
    async fn roll_out(&mut self, kit: &Kit) -> Result<(), DemoError> {
        let (world, plan) = (self.world, self.plan);
        world.pages.serve(kit.server()?).await;
        let canary = rollout::begin(world, kit, &plan.inside()).await?;
        let tried = format!("roll {} out to a signed cohort", kit.version);
        self.rows
            .steps
            .push(rollout::finish(world, kit, &canary, &tried).await?);
        let others = world.fleet.inside(plan.salt, plan.below..Audience::PARTS);
        self.rows
            .steps
            .push(checks::images(world, "look at the others meanwhile", &others, None).await?);
        let rest = rollout::begin(world, kit, &plan.outside()).await?;
        let tried = format!("roll {} out to all the others", kit.version);
        self.rows
            .steps
            .push(rollout::finish(world, kit, &rest, &tried).await?);
        let all = world.fleet.all();
        self.rows
            .steps
            .push(checks::images(world, "read back every slot", &all, Some(kit)).await?);
        Ok(())
    }

    async fn siege(
        &mut self,
        when: &str,
        attacks: &[Attack],
        scene: &Scene<'_>,
    ) -> Result<(), DemoError> {
        let bar = self.world.progress.step(
            &format!("A hostile relay attacks devices {when}"),
            attacks.len(),
        );
        let mut held = 0;
        for (number, attack) in attacks.iter().enumerate() {
            let row = attacks::run(attack, scene, &self.world.relay, &self.world.evidence).await?;
            held += usize::from(row.holds());
            self.rows.attacks.push(row);
            bar.at(number + 1);
        }
        bar.end(&format!(
            "{held} of {} attacks ended as they should",
            attacks.len()
        ));
        Ok(())
    }
}
