/** The public pages: the page's own accent color, and buttons that lead to the chat. */
import { applyAccent } from "../widget/theme.js";

applyAccent(document.documentElement, document.documentElement.dataset.accent);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-open-chat]");
  if (!button) return;
  const place = document.getElementById("chat");
  if (place) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    place.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "center" });
    place.querySelector("callsphere-widget")?.shadowRoot.querySelector("iframe")?.focus({ preventScroll: true });
  } else {
    window.CallSphere?.open();
  }
});
