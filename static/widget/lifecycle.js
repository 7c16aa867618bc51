/**
 * When this page stops running, and when it runs again. A laptop that slept, a tab that was frozen or put aside for
 * the back button, and a phone that came out of a pocket all hold connections that may be dead without knowing it.
 */
const HIDDEN_MS = 3_000; // phones kill sockets of a page in the background without telling it

/**
 * @param on {sleep(), wake()}: sleep comes just before the page stops and has no time to wait for anything
 * @param {AbortSignal} signal ends the watch
 */
export function watchLifecycle(on, signal) {
  let hiddenAt = 0;
  const sleep = () => on.sleep();
  const wake = () => on.wake();
  document.addEventListener("freeze", sleep, { signal });
  document.addEventListener("resume", wake, { signal });
  addEventListener("pagehide", sleep, { signal });
  addEventListener("pageshow", (event) => event.persisted && wake(), { signal });
  addEventListener("online", wake, { signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.hidden) hiddenAt = Date.now();
      else if (Date.now() - hiddenAt > HIDDEN_MS) wake();
    },
    { signal },
  );
}
