/** The keys of the page. Those among the tiles are the tiles' own. */

const WRITING = "input, textarea, select, [contenteditable]";

/** @param on {search(), tiles(), escape(), help: HTMLDialogElement} */
export function watchKeys(on) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || on.help.open) return;
    const writing = event.target.closest(WRITING);
    if (event.key === "Escape") {
      if (event.target.type === "search" && event.target.value) return; // the browser empties the field first
      return on.escape();
    }
    if (writing) {
      if (event.key === "ArrowDown" && event.target.id === "search") act(event, on.tiles);
      return;
    }
    if (event.key === "/") act(event, on.search);
    if (event.key === "?") act(event, () => on.help.showModal());
    if (event.key.startsWith("Arrow") && event.target === document.body) act(event, on.tiles);
  });
}

function act(event, what) {
  event.preventDefault();
  what();
}
