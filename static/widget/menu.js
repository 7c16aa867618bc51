/** A button with a small menu: arrow keys move, Escape and a click elsewhere close it. */
export class Menu {
  #button;
  #list;

  constructor(button, list) {
    this.#button = button;
    this.#list = list;
    button.addEventListener("click", () => this.toggle(list.hidden));
    // In the capture phase, so that an item's own action has the last word on the focus.
    list.addEventListener("click", () => this.toggle(false), { capture: true });
    document.addEventListener("pointerdown", ({ target }) => {
      if (!list.hidden && !list.contains(target) && !button.contains(target)) this.toggle(false, { refocus: false });
    });
    addEventListener("blur", () => this.toggle(false, { refocus: false }));
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  get open() {
    return !this.#list.hidden;
  }

  toggle(open, { refocus = true } = {}) {
    if (open === this.open) return;
    this.#list.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) this.#items()[0]?.focus();
    else if (refocus) this.#button.focus();
  }

  #items() {
    return [...this.#list.querySelectorAll("button:not([hidden])")];
  }

  #key(event) {
    const items = this.#items();
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items[to % items.length].focus();
    } else if (event.key === "Tab") {
      this.toggle(false);
    }
  }
}
