/** Nothing changes under a finger: an element that is replaced or moved between press and release is not clicked. */
export class Still {
  #pressed = false;
  #held = null;

  /** @param el what is pressed */
  constructor(el) {
    el.addEventListener("pointerdown", ({ button }) => (this.#pressed = button === 0)); // a menu may keep the release
    for (const end of ["pointerup", "pointercancel"]) {
      addEventListener(end, () => setTimeout(() => this.#release()), true); // after the click
    }
  }

  /** Calls `show` now or, while `el` is pressed, afterwards: the last one given. */
  show(show) {
    if (this.#pressed) this.#held = show;
    else show();
  }

  #release() {
    this.#pressed = false;
    const show = this.#held;
    this.#held = null;
    show?.();
  }
}
