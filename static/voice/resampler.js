/**
 * A streaming resampler between any two rates: a Kaiser-windowed sinc, split into phases, exact for every ratio of
 * whole numbers. Aliases and images are 80 dB down, the delay is 32 samples of the slower side (1.3 ms at 24 kHz).
 *
 * Push what comes in, take what comes out, from whichever side sets the pace.
 */

const TAPS = 64; // of one phase, at the slower of the two rates
const BETA = 7.86; // Kaiser's for 80 dB
const PASSED = 0.92; // of the slower side's band at the filter's middle: its stop band begins where that band ends

const divisor = (a, b) => (b ? divisor(b, a % b) : a);

/** Modified Bessel function of the first kind, order 0. */
function bessel(x) {
  let sum = 1;
  for (let k = 1, term = 1; term > sum * 1e-12; k += 1) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

/** @returns {Float32Array[]} one filter for each phase, newest sample first, each with unit gain at 0 Hz */
function design(up, taps, cutoff) {
  const middle = (taps * up - 1) / 2;
  return Array.from({ length: up }, (_, phase) => {
    const filter = new Float32Array(taps);
    for (let k = 0; k < taps; k += 1) {
      const t = phase + k * up - middle;
      const angle = (Math.PI * cutoff * t) / up;
      filter[k] = (angle ? Math.sin(angle) / angle : 1) * bessel(BETA * Math.sqrt(1 - (t / (middle + 1)) ** 2));
    }
    const gain = filter.reduce((sum, value) => sum + value, 0);
    return filter.map((value) => value / gain);
  });
}

export class Resampler {
  #up;
  #down;
  #taps;
  #filters;
  #past; // twice the same samples, so that a window of them is always in one piece
  #at = 0;
  #phase;

  /** @param {number} from @param {number} to whole numbers of samples a second */
  constructor(from, to) {
    const common = divisor(from, to);
    this.#up = to / common;
    this.#down = from / common;
    this.#taps = Math.ceil(TAPS * Math.max(1, from / to));
    this.#filters = design(this.#up, this.#taps, PASSED * Math.min(1, to / from));
    this.#past = new Float32Array(2 * this.#taps);
    this.#phase = this.#up;
  }

  push(sample) {
    this.#at = (this.#at || this.#taps) - 1;
    this.#past[this.#at] = this.#past[this.#at + this.#taps] = sample;
    this.#phase -= this.#up;
  }

  /** Whether `next` has a sample without another push. */
  get ready() {
    return this.#phase < this.#up;
  }

  next() {
    const filter = this.#filters[this.#phase];
    const past = this.#past;
    const at = this.#at;
    let sum = 0;
    for (let k = 0; k < filter.length; k += 1) sum += filter[k] * past[at + k];
    this.#phase += this.#down;
    return sum;
  }
}
