/** How loud something is right now, for the eye: 0 at a whisper and below, 1 at full voice. */

const QUIET_DB = -52;
const LOUD_DB = -14;

export class Level {
  #analyser;
  #samples;

  /** @param {AudioNode} source */
  constructor(source) {
    this.#analyser = new AnalyserNode(source.context, { fftSize: 1024 });
    this.#samples = new Float32Array(this.#analyser.fftSize);
    source.connect(this.#analyser);
  }

  get now() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, value) => sum + value * value, 0) / this.#samples.length;
    const db = 10 * Math.log10(power + 1e-12);
    return Math.max(0, Math.min(1, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
  }
}
