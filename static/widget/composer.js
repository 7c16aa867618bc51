/** Where the visitor writes: grows with the text, Enter sends, Shift+Enter breaks the line. */

const LONGEST = 4000;
const COUNT_FROM = 3600;

export class Composer {
  #form;
  #field;
  #send;
  #stop;
  #counter;
  #busy = false;
  #closed = false;

  /** @param on {submit(text), stop(), typing()} */
  constructor(form, on) {
    this.#form = form;
    this.#field = form.querySelector("textarea");
    this.#send = form.querySelector(".send");
    this.#stop = form.querySelector(".stop");
    this.#counter = form.querySelector(".counter");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(on.submit);
    });
    this.#field.addEventListener("keydown", (event) => {
      // 229 is how Safari marks the Enter that ends a composition (its isComposing is already false).
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit(on.submit);
    });
    this.#field.addEventListener("input", () => {
      this.#update();
      on.typing();
    });
    this.#stop.addEventListener("click", () => {
      this.#stop.disabled = true;
      this.focus();
      on.stop();
    });
    this.#update();
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** While an answer runs the visitor can type ahead; Stop takes the place of Send. */
  set busy(busy) {
    this.#busy = busy;
    const held = this.#form.contains(document.activeElement) && document.activeElement !== this.#field;
    this.#stop.disabled = false;
    this.#update();
    if (held) this.focus(); // the button that had the focus has just gone
  }

  set closed(closed) {
    this.#closed = closed;
    this.#field.disabled = closed;
    this.#form.classList.toggle("closed", closed);
    this.#update();
  }

  #submit(submit) {
    const text = this.#field.value.trim();
    if (!text || this.#busy || this.#closed || text.length > LONGEST) return;
    this.#field.value = "";
    this.#update();
    submit(text);
  }

  #update() {
    const { length } = this.#field.value;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
    this.#counter.hidden = length < COUNT_FROM;
    this.#counter.textContent = `${length} / ${LONGEST}`;
    this.#counter.classList.toggle("over", length > LONGEST);
    this.#send.disabled = this.#closed || !this.#field.value.trim() || length > LONGEST;
    this.#send.hidden = this.#busy;
    this.#stop.hidden = !this.#busy;
  }
}
