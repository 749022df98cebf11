//! What a panic does on bare metal, where there is nobody to unwind to: it stops. A watchdog resets, and the next boot tells
//! what is known. The verifier itself has no panic; what it is built on might.

#[cfg(all(target_os = "none", feature = "panic-hook"))]
unsafe extern "C" {
    /// The application's: notes what it wants to, and resets. Where it returns, the program loops.
    safe fn latch_panicked();
}

#[cfg(all(target_os = "none", feature = "panic-handler"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "panic-hook")]
    latch_panicked();
    loop {
        core::hint::spin_loop();
    }
}
