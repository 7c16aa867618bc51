/** Elements that stand for things with keys, kept in order: made, moved and taken away as few as possible. */

export class Keyed {
  #el;
  #make;
  #items = new Map();

  /** @param {HTMLElement} el holds them, and nothing else @param make (key) => {el, …} */
  constructor(el, make) {
    this.#el = el;
    this.#make = make;
  }

  /** The items for these keys, in this order. */
  show(keys) {
    const wanted = new Set(keys);
    for (const [key, { el }] of this.#items) {
      if (wanted.has(key)) continue;
      el.remove();
      this.#items.delete(key);
    }
    keys.forEach((key, at) => {
      let item = this.#items.get(key);
      if (!item) this.#items.set(key, (item = this.#make(key)));
      if (this.#el.children[at] !== item.el) this.#el.insertBefore(item.el, this.#el.children[at] ?? null);
    });
    return keys.map((key) => this.#items.get(key));
  }
}

/** Sets a text only where it is another one: a text that is set anew is laid out and read out anew. */
export function setText(el, text) {
  if (el.textContent !== text) el.textContent = text;
}
