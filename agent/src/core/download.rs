//! Which pages to ask for, and when.

use latch_mqtt::Want;
use latch_verify::{device::PagesWanted, types::StatementId};

/// Pages that are asked for at once. Windows begin at multiples of it, so that devices of a
/// fleet ask for the same ones, and pages sent for one serve the others. 16 pages of 4 KiB
/// take a broker's queue 64 KiB a device.
pub const WINDOW: u32 = 16;

/// Silence after which a window is asked for again, in milliseconds.
pub const SILENCE_MS: u64 = 5_000;

/// The longest such silence: each one doubles, so that a fleet does not shout at a page
/// server that is away.
pub const SILENCE_LONGEST_MS: u64 = 60_000;

/// What was asked for last.
#[derive(Default)]
pub(super) struct Download(Option<Asked>);

struct Asked {
    manifest: StatementId,
    /// The first page that was not asked for.
    end: u32,
    silence_ms: u64,
    again_at_ms: u64,
    /// The silence has just become the longest.
    is_unheard: bool,
}

impl Download {
    /// Asks, if it is time to.
    pub(super) fn ask(&mut self, now_ms: u64, wanted: PagesWanted) -> Option<Want> {
        let PagesWanted { manifest, next, of } = wanted;
        let silence_ms = match &self.0 {
            Some(asked) if asked.manifest == manifest && next < asked.end => {
                if now_ms < asked.again_at_ms {
                    return None;
                }
                asked.silence_ms.saturating_mul(2).min(SILENCE_LONGEST_MS)
            }
            _ => SILENCE_MS,
        };
        let before_ms = self.0.as_ref().map_or(0, |asked| asked.silence_ms);
        let end = (next - next % WINDOW).saturating_add(WINDOW).min(of);
        self.0 = Some(Asked {
            manifest,
            end,
            silence_ms,
            again_at_ms: now_ms.saturating_add(silence_ms),
            is_unheard: before_ms < silence_ms && silence_ms == SILENCE_LONGEST_MS,
        });
        Some(Want::Pages {
            manifest,
            first: next,
            count: end.saturating_sub(next),
        })
    }

    /// Whether it is time to tell that nobody brings what was asked for again and again: once, until a
    /// page comes.
    pub(super) fn is_unheard(&self) -> bool {
        self.0.as_ref().is_some_and(|asked| asked.is_unheard)
    }

    /// A page has come.
    pub(super) fn progress(&mut self, now_ms: u64) {
        if let Some(asked) = &mut self.0 {
            asked.silence_ms = SILENCE_MS;
            asked.again_at_ms = now_ms.saturating_add(SILENCE_MS);
        }
    }

    /// Forgets what was asked for: what was on its way is lost.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// When the window is asked for again.
    pub(super) fn again_at_ms(&self) -> u64 {
        self.0.as_ref().map_or(0, |asked| asked.again_at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE: StatementId = StatementId([7; 16]);

    fn at(next: u32, of: u32) -> PagesWanted {
        PagesWanted {
            manifest: RELEASE,
            next,
            of,
        }
    }

    fn want(first: u32, count: u32) -> Option<Want> {
        Some(Want::Pages {
            manifest: RELEASE,
            first,
            count,
        })
    }

    #[test]
    fn windows_begin_at_multiples_and_end_with_the_image() {
        let mut download = Download::default();
        assert_eq!(download.ask(0, at(3, 40)), want(3, WINDOW - 3));
        assert_eq!(download.ask(0, at(15, 40)), None);
        assert_eq!(download.ask(0, at(16, 40)), want(16, WINDOW));
        assert_eq!(download.ask(0, at(32, 40)), want(32, 8));
    }

    #[test]
    fn silence_doubles_until_a_page_comes() {
        let mut download = Download::default();
        assert!(download.ask(0, at(0, 40)).is_some());
        let mut now_ms = 0;
        for silence_ms in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000] {
            assert_eq!(download.ask(now_ms + silence_ms - 1, at(0, 40)), None);
            now_ms += silence_ms;
            assert_eq!(download.ask(now_ms, at(0, 40)), want(0, WINDOW));
            // 5, 10, 20 and 40 seconds were in vain.
            assert_eq!(download.is_unheard(), now_ms == 75_000);
        }
        download.progress(now_ms);
        assert_eq!(download.again_at_ms(), now_ms + SILENCE_MS);
    }

    #[test]
    fn another_release_is_asked_for_at_once() {
        let mut download = Download::default();
        assert!(download.ask(0, at(5, 40)).is_some());
        let other = PagesWanted {
            manifest: StatementId([8; 16]),
            ..at(0, 40)
        };
        assert!(download.ask(0, other).is_some());
    }
}
