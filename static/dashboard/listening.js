/**
 * The sound of a call on the floor: heard, and, in "barge" and "takeover", spoken into.
 *
 * Open it while the click that asked for it is fresh, or browsers keep the sound silent.
 */
import { Microphone } from "../voice/microphone.js";
import { Speaker } from "../voice/speaker.js";

const ADDRESS = "/ws/dashboard/audio/";
const BYTES_PER_S = 48_000; // PCM16 mono 24 kHz, both ways
const LATE_S = 1; // what is heard later than that is left out
const BACKLOG_BYTES = BYTES_PER_S; // of the microphone, that a slow network holds
const LEVEL_MS = 100;

/** By the code with which the server closes. */
const REASONS = { 1000: "ended", 1008: "refused", 1012: "restart", 4403: "forbidden" };

/**
 * @typedef {"closed" | "ended" | "returned" | "refused" | "forbidden" | "restart" | "lost"} Reason
 *   closed: by `close`; ended: the call is over; returned: the agent has the call again; refused: the ticket is not
 *   good; forbidden: no member any more; restart: the server goes, ask again; lost: the connection broke
 *
 * @param {Object} options
 * @param {string} options.ticket `audio` of the ack to call.listen, call.barge or call.takeover; works once, for 60 s
 * @param {"listen" | "barge" | "takeover"} options.mode as commanded; all but "listen" ask for the microphone
 * @param {(levels: {call: number, microphone: number}) => void} [options.onLevel] ten times a second, each 0 to 1
 * @param {(reason: Reason) => void} [options.onEnd] once; nothing is called after it
 * @param {(error: DOMException) => void} [options.onMicrophone] it cannot be used; the call is heard all the same
 * @returns {{close(): void, mute(muted: boolean): void}} mute: of the microphone
 */
export function openAudio({ ticket, mode, onLevel, onEnd, onMicrophone }) {
  const context = new AudioContext({ latencyHint: "interactive" });
  const address = new URL(ADDRESS, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  address.searchParams.set("ticket", ticket);
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";

  let speaker = null;
  let microphone = null;
  let muted = false;
  let over = false;
  let reason = "";
  let heardUntil = 0; // s on the context's clock: when all that came will have been played

  function play(frame) {
    if (!speaker) return;
    const now = context.currentTime;
    if (heardUntil - now > LATE_S) {
      speaker.clear();
      heardUntil = now;
    }
    heardUntil = Math.max(heardUntil, now) + frame.byteLength / BYTES_PER_S;
    speaker.play(frame);
  }

  function speak(frame) {
    if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < BACKLOG_BYTES) socket.send(frame);
  }

  async function openMicrophone() {
    try {
      const opened = await Microphone.open(context, { frame: speak, lost: () => closeMicrophone() });
      if (over) return opened.close();
      microphone = opened;
      microphone.muted = muted;
    } catch (error) {
      if (!over) onMicrophone?.(error);
    }
  }

  function closeMicrophone() {
    microphone?.close();
    microphone = null;
  }

  function end(why) {
    if (over) return;
    over = true;
    clearInterval(timer);
    socket.onmessage = socket.onclose = null;
    socket.close(1000);
    closeMicrophone();
    context.onstatechange = null;
    if (speaker) speaker.close();
    else context.close();
    onEnd?.(why);
  }

  async function openSpeaker() {
    try {
      context.resume();
      context.onstatechange = () => context.resume().catch(() => {});
      const opened = await Speaker.open(context, () => {});
      if (over) return opened.close();
      speaker = opened;
      if (mode !== "listen") await openMicrophone();
    } catch {
      end("lost");
    }
  }

  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) play(data);
    else reason = JSON.parse(data).reason ?? reason;
  };
  socket.onclose = ({ code }) => end(reason || (REASONS[code] ?? "lost"));
  const timer = setInterval(() => {
    onLevel?.({ call: speaker?.level ?? 0, microphone: (!muted && microphone?.level) || 0 });
  }, LEVEL_MS);
  openSpeaker();

  return {
    close: () => end("closed"),
    mute(value) {
      muted = value;
      if (microphone) microphone.muted = value;
    },
  };
}
