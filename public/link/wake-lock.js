// Keeps the screen of a phone on while files are sent: many phones stop sending when it goes off.
// @ts-check

export function keepAwake() {
  let wanted = false;
  /** @type {WakeLockSentinel | undefined} */
  let lock;

  async function acquire() {
    if (!wanted || lock !== undefined || document.visibilityState !== "visible") return;
    // Refused when the battery is low: sending goes on without it.
    const held = await navigator.wakeLock?.request("screen").catch(() => undefined);
    held?.addEventListener("release", () => {
      lock = undefined;
    });
    lock = held;
    if (!wanted) void held?.release();
  }

  // The browser releases it when the page is hidden.
  document.addEventListener("visibilitychange", () => void acquire());
  return {
    /** @param {boolean} on */
    set(on) {
      if (on === wanted) return;
      wanted = on;
      if (on) void acquire();
      else void lock?.release();
    },
  };
}
