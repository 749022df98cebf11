use std::time::Duration;

use latch_line::Address;

use super::*;

const LEAST: &str =
    "broker = \"mqtt://localhost\"\nstate-dir = \"state\"\nfirmware-version = \"1.2.3\"\n";

fn own(text: &str) -> (PathBuf, OwnDevice) {
    let config = load(text).unwrap_or_else(|error| panic!("{error}"));
    (config.file, config.own.expect("a device in this process"))
}

fn load(text: &str) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent.toml");
    fs::write(&file, text).unwrap();
    Config::load(&file).map_err(|error| {
        let words = error.to_string();
        assert!(
            words.starts_with(file.to_str().unwrap()),
            "{words} does not name the file"
        );
        words
    })
}

#[test]
fn the_least_configuration_has_sound_defaults() {
    let config = load(LEAST).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.topic_prefix, "latch/v1/{tenant}");
    assert!(config.linked.is_empty());
    let (file, config) = own(LEAST);
    assert_eq!(config.clock, ClockTrust::Untrusted);
    assert_eq!(config.slot_size, 4 << 20);
    assert_eq!(config.state_dir, file.with_file_name("state"));
    assert_eq!(
        config.hooks,
        Hooks {
            timeout: Duration::from_secs(60),
            ..Hooks::default()
        }
    );
    assert_eq!(config.firmware.main.to_string(), "1.2.3");
}

#[test]
fn everything_is_taken() {
    let text = format!(
        "{LEAST}topic-prefix = \"site/{{tenant}}\"\nbundle = \"/srv/b\"\nslot-size = \"64KiB\"\nclock = \"trusted\"\n\
         component-versions = {{ 1 = \"2.0.0\", 3 = \"0.1.0\" }}\n\
         [hooks]\ntwin = [\"/bin/set\", \"-x\"]\ncommand = [\"run\"]\nlatch = [\"latch\"]\ntimeout-s = 5\n\
         [posture.idle]\nbit = 1\ncommand = [\"idle\", \"-q\"]\n\
         [posture.cold]\nbit = 31\ncommand = [\"/cold\"]\nevery-s = 5\nmax-age-s = 7\n"
    );
    let (file, config) = own(&text);
    assert_eq!(
        (config.slot_size, config.clock),
        (65536, ClockTrust::Trusted)
    );
    assert_eq!(config.bundle, Some("/srv/b".into()));
    let others = config
        .firmware
        .others
        .map(|version| version.map(|version| version.to_string()));
    assert_eq!(
        others,
        [Some("2.0.0".to_owned()), None, Some("0.1.0".to_owned())]
    );
    let twin = config.hooks.twin.unwrap();
    assert_eq!(
        (twin.path, twin.arguments),
        ("/bin/set".into(), vec!["-x".to_owned()])
    );
    assert_eq!(
        config.hooks.command.unwrap().path,
        file.with_file_name("run")
    );
    assert_eq!(
        config.hooks.latch.unwrap().path,
        file.with_file_name("latch")
    );
    assert_eq!(config.hooks.timeout, Duration::from_secs(5));
    let [cold, idle] = &config.probes[..] else {
        panic!("{:?}", config.probes)
    };
    assert_eq!((idle.name.as_str(), idle.bit), ("idle", 1));
    assert_eq!(idle.program.path, file.with_file_name("idle"));
    assert_eq!(idle.program.arguments, ["-q"]);
    let seconds = |probe: &Probe| (probe.every.as_secs(), probe.max_age.as_secs());
    assert_eq!(seconds(idle), (30, 90));
    assert_eq!((cold.bit, seconds(cold)), (31, (5, 7)));
}

#[test]
fn what_is_wrong_is_named() {
    for (line, words) in [
        ("colour = 1", "unknown field `colour`"),
        ("clock = \"sure\"", "expected `trusted` or `untrusted`"),
        ("slot-size = 5000", "multiple of 4096"),
        ("slot-size = \"128MiB\"", "up to 67108864"),
        ("slot-size = true", "number of bytes"),
        ("username = \"me\"", "belong together"),
        ("client-key = \"me\"", "belong together"),
        ("ca-file = \"ca.pem\"", "certificates need TLS"),
        ("[hooks]\ntwin = []", "a hook is a list"),
        ("[hooks]\ntwin = \"sh -c true\"", "expected a sequence"),
        ("[hooks]\ntimeout-s = 0", "1 to 86400"),
        ("[hooks]\nreboot = [\"a\"]", "unknown field `reboot`"),
        (
            "[posture.idle]\nbit = 32\ncommand = [\"a\"]",
            "bit is 0 to 31",
        ),
        ("[posture.idle]\nbit = 1\ncommand = []", "command is a list"),
        ("[posture.idle]\nbit = 1", "missing field `command`"),
        (
            "[posture.idle]\nbit = 1\ncommand = [\"a\"]\nevery-s = 0",
            "every-s is 1 to 86400",
        ),
        (
            "[posture.idle]\nbit = 1\ncommand = [\"a\"]\nevery-s = 60\nmax-age-s = 59",
            "max-age-s is every-s (60) or more",
        ),
        (
            "[posture.idle]\nbit = 1\ncommand = [\"a\"]\n[posture.calm]\nbit = 1\ncommand = [\"a\"]",
            "posture.calm and posture.idle are both fact 1",
        ),
    ] {
        let Err(error) = load(&format!("{LEAST}{line}\n")) else {
            panic!("{line} was taken")
        };
        assert!(error.contains(words), "{line}: {error}");
    }
    let Err(error) = load("") else {
        panic!("was taken")
    };
    assert!(error.contains("missing field `broker`"), "{error}");
    let error = load(&format!("{LEAST}topic-prefix = \"a/#\"\n")).err();
    assert!(error.is_some_and(|error| error.contains("topic-prefix cannot be used")));
    let Err(error) = load(&LEAST.replace("1.2.3", "1.2")) else {
        panic!("was taken")
    };
    assert!(error.contains("a version is major.minor.patch"), "{error}");
    let Err(error) = load(&LEAST.replace("mqtt:", "http:")) else {
        panic!("was taken")
    };
    assert!(error.contains("mqtts://"), "{error}");
}

#[test]
fn a_component_that_there_cannot_be_is_named() {
    for number in ["0", "4", "radio"] {
        let text = format!("{LEAST}component-versions = {{ {number} = \"1.0.0\" }}\n");
        let error = load(&text).err().expect("a refusal");
        assert!(error.contains(&format!("no component {number}")), "{error}");
    }
}

#[test]
fn half_a_device_is_told_what_is_missing() {
    let broker = "broker = \"mqtt://localhost\"\n";
    for (text, words) in [
        (
            "",
            "there is no device in it: add state-dir and firmware-version",
        ),
        ("state-dir = \"state\"", "firmware-version is missing"),
        ("firmware-version = \"1.0.0\"", "state-dir is missing"),
        (
            "bundle = \"b\"",
            "bundle is about a device that runs in this process",
        ),
        ("slot-size = 4096", "slot-size is about"),
        ("clock = \"trusted\"", "clock is about"),
        ("[hooks]\ntwin = [\"a\"]", "[hooks] is about"),
        (
            "[posture.idle]\nbit = 1\ncommand = [\"a\"]",
            "[posture] is about",
        ),
    ] {
        let error = load(&format!("{broker}{text}\n")).err().expect("a refusal");
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn devices_behind_links_are_taken() {
    let config = load(
        "broker = \"mqtt://localhost\"\n\
         [[device]]\nlink = \"unix:pump-7.sock\"\nname = \"pump-7\"\nbundle = \"pump-7.bundle\"\n\
         [[device]]\nlink = \"tcp:127.0.0.1:4321\"\n\
         [[device]]\nlink = \"/dev/ttyUSB0\"\nbaud = 9600\n",
    );
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    assert!(config.own.is_none());
    let beside = |name: &str| config.file.with_file_name(name);
    let linked = |address, name: Option<&str>, bundle| LinkedDevice {
        address,
        name: name.map(|name| name.parse().unwrap()),
        bundle,
    };
    let port = Address::Serial {
        path: "/dev/ttyUSB0".into(),
        baud: 9600,
    };
    assert_eq!(
        config.linked,
        [
            linked(
                Address::Unix(beside("pump-7.sock")),
                Some("pump-7"),
                Some(beside("pump-7.bundle"))
            ),
            linked(Address::Tcp("127.0.0.1:4321".to_owned()), None, None),
            linked(port, None, None),
        ]
    );
    let both = load(&format!("{LEAST}[[device]]\nlink = \"/dev/ttyS0\"\n"));
    let both = both.unwrap_or_else(|error| panic!("{error}"));
    assert!(both.own.is_some() && both.linked.len() == 1);
}

#[test]
fn what_is_wrong_with_a_link_is_named() {
    for (tables, words) in [
        ("[[device]]\nname = \"pump-7\"", "missing field `link`"),
        ("[[device]]\nlink = \"ttyUSB0\"", "names no link"),
        ("[[device]]\nlink = \"tcp:host\"", "no host and port"),
        (
            "[[device]]\nlink = \"unix:a\"\nbaud = 9600",
            "has no baud rate",
        ),
        (
            "[[device]]\nlink = \"/dev/ttyS0\"\nbaud = 0",
            "baud: a baud rate is 1 or more",
        ),
        (
            "[[device]]\nlink = \"unix:a\"\nspeed = 9600",
            "unknown field `speed`",
        ),
        ("[[device]]\nlink = \"unix:a\"\nname = \"a b\"", "name"),
        (
            "[[device]]\nlink = \"unix:a\"\n[[device]]\nlink = \"unix:a\"",
            "two [[device]] tables have the link",
        ),
        (
            "[[device]]\nlink = \"unix:a\"\n[[device]]\nlink = \"unix:./a\"",
            "two [[device]] tables have the link",
        ),
        (
            // Which leads to the other.
            "[[device]]\nlink = \"/dev/fd\"\n[[device]]\nlink = \"/proc/self/fd\"",
            "which is \"/proc/self/fd\" too",
        ),
        (
            "[[device]]\nlink = \"unix:a\"\nname = \"p\"\n[[device]]\nlink = \"unix:b\"\nname = \"p\"",
            "two [[device]] tables have the name \"p\"",
        ),
    ] {
        let text = format!("broker = \"mqtt://localhost\"\n{tables}\n");
        let error = load(&text).err().expect("a refusal");
        assert!(error.contains(words), "{tables}: {error}");
    }
}
