//! Who the microcontroller belongs to, where no broker and no command line is needed.

use latch_issue::{
    Change, CodeBuilder, DeviceState, EnrolmentRequest, ImageTree, ProvisionBundle, Release,
    RoleKey, Rules, StarterKeys, Statement, now, starter_rules,
};
use latch_link::Handled;
use latch_verify::{
    device,
    statement::{Audience, Outcome},
    types::{DeviceId, LatchId, ProductId, StatementId, TenantId, Version},
    verdict::Identity,
    wire::PublicKey,
};

use super::host::{Gone, Host};

/// The device's name.
pub(crate) const DEVICE: &str = "pump-7";

/// A tenant with one key of each role.
pub(crate) struct Tenant {
    operator: RoleKey,
    release: RoleKey,
    root: Statement,
}

impl Tenant {
    pub(crate) fn new() -> Self {
        let key = |seed: u8| RoleKey::from_seed(&[seed; 32]).expect("the key of a seed is sound");
        let (root, operator, release) = (key(1), key(2), key(3));
        let text = |key: &RoleKey| latch_verify::types::Digest(*key.public().bytes()).to_string();
        let keys = StarterKeys {
            root: text(&root),
            operator: text(&operator),
            release: text(&release),
        };
        let rules = starter_rules(tenant(), &keys);
        let rules = Rules::from_text(&rules, "root.toml".as_ref()).expect("rules that are sound");
        let root = rules
            .draft()
            .expect("a root")
            .sign(&[&root])
            .expect("a signed root");
        Self {
            operator,
            release,
            root,
        }
    }

    /// What the device is provisioned with, for its request.
    pub(crate) fn enrol(&self, request: Vec<u8>) -> (ProvisionBundle, PublicKey) {
        let request = EnrolmentRequest::from_bytes(request).expect("a request");
        let key = PublicKey::new(request.enrolment().device_key.0).expect("a sound key");
        let enrolment = request
            .countersign(&self.operator)
            .expect("a countersignature");
        let bundle = ProvisionBundle::new(self.root.clone(), enrolment).expect("a bundle");
        (bundle, key)
    }

    /// A release of an image.
    pub(crate) fn release(&self, version: &str, security_version: u32, image: Vec<u8>) -> Shipped {
        let tree = ImageTree::read(image.as_slice(), PAGE_LOG2).expect("an image");
        let release = Release {
            tenant: tenant(),
            product: product(),
            component: 0,
            version: version.parse().expect("a version"),
            security_version,
            current: None,
            requirements: Vec::new(),
        };
        let manifest = release
            .manifest(&tree)
            .expect("a manifest")
            .sign(&[&self.release])
            .expect("signed");
        Shipped {
            version: release.version,
            manifest,
            tree,
            image,
        }
    }

    /// Has the device carry out a change, under a code that answers its challenge; what it says of it.
    pub(crate) fn order(
        &self,
        latch: LatchId,
        change: Change,
        host: &mut Host,
        key: &PublicKey,
    ) -> Result<Outcome, Gone> {
        let code = self.code(latch, change, &host.state(key)?);
        let handled = host.statement(code.bytes(), device::Release::NotAsked)?;
        assert_eq!(handled, Handled::Answered);
        let mut told = host.receipts(key).iter().rev();
        let receipt = told.find(|receipt| receipt.statement == code.id());
        Ok(receipt.expect("a receipt comes before the end").outcome)
    }

    /// A code that answers the challenge of a device's state.
    pub(crate) fn code(&self, latch: LatchId, change: Change, state: &DeviceState) -> Statement {
        let now = now().expect("the time");
        let device = Audience::Device(name().device);
        CodeBuilder::new(tenant(), 1, self.operator.id(), device, latch, change)
            .incarnation(state.incarnation)
            .challenge(state.status.challenge)
            .build(now)
            .expect("a code")
            .sign(&[&self.operator])
            .expect("a signed code")
    }
}

/// Pages of 4 KiB: the largest that the board takes.
const PAGE_LOG2: u8 = 12;

/// A release and its image.
pub(crate) struct Shipped {
    pub(crate) version: Version,
    pub(crate) manifest: Statement,
    pub(crate) image: Vec<u8>,
    tree: ImageTree,
}

impl Shipped {
    pub(crate) fn id(&self) -> StatementId {
        self.manifest.id()
    }

    pub(crate) fn page(&self, index: u32) -> Vec<u8> {
        let from = (index << PAGE_LOG2) as usize;
        let to = self.image.len().min(from + (1 << PAGE_LOG2));
        self.tree
            .page(self.id(), index, &self.image[from..to])
            .expect("the image has this page")
    }
}

fn tenant() -> TenantId {
    "acme".parse().expect("a tenant")
}

fn product() -> ProductId {
    "pump".parse().expect("a product")
}

/// Who the device is to be.
pub(crate) fn name() -> Identity {
    Identity {
        tenant: tenant(),
        product: product(),
        device: DEVICE.parse::<DeviceId>().expect("a device's name"),
        incarnation: 1,
    }
}
