// What `useChat` finds in a browser: a document, and a fetch that sends cookies and says where it comes from.
import { strict as assert } from "node:assert";
import { Window } from "happy-dom";

export const [server, widget] = process.argv.slice(3);

const window = new Window({ url: `${server}/` });
for (const name of ["document", "HTMLElement", "HTMLIFrameElement", "Node"]) globalThis[name] = window[name];
globalThis.window = window;
globalThis.navigator ??= window.navigator;

export const cookies = new Map();
export const requests = [];
export const chunks = [];
export const drop = { after: 0 }; // reads of the next stream until its connection breaks; 0 is never

const network = globalThis.fetch;
const { uiMessageChunkSchema } = await import("ai");
const { asSchema } = await import("@ai-sdk/provider-utils");
const schema = asSchema(uiMessageChunkSchema);

// As a browser's for a page of this origin: the cookies of the path, an Origin with every POST.
globalThis.fetch = async (address, options = {}) => {
  const url = new URL(address, `${server}/`);
  const sent = [...cookies].filter(([, cookie]) => url.pathname.startsWith(cookie.path));
  const headers = new Headers(options.headers);
  if (sent.length) headers.set("cookie", sent.map(([name, cookie]) => `${name}=${cookie.value}`).join("; "));
  if (options.method === "POST") headers.set("origin", server);
  const response = await network(url, { ...options, headers });
  response.headers.getSetCookie().forEach(keep);
  requests.push({ method: options.method ?? "GET", path: url.pathname + url.search, status: response.status });
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
  assert.equal(response.headers.get("x-vercel-ai-ui-message-stream"), "v1");
  const [seen, read] = response.body.tee();
  checks.push(check(seen));
  return new Response(breaking(read), { status: response.status, headers: response.headers });
};

function breaking(stream) {
  let left = drop.after;
  drop.after = 0;
  const broken = (_, controller) => --left || controller.error(new TypeError("network error"));
  const pass = (bytes, controller) => controller.enqueue(bytes);
  return left ? stream.pipeThrough(new TransformStream({ transform: (...all) => (pass(...all), broken(...all)) })) : stream;
}

function keep(line) {
  const [pair, ...attributes] = line.split("; ");
  const [name, value] = pair.split(/=(.*)/s);
  const path = attributes.find((attribute) => attribute.startsWith("Path=")).slice("Path=".length);
  for (const wanted of ["HttpOnly", "SameSite=Lax"]) assert(attributes.includes(wanted), `${wanted} in ${line}`);
  cookies.set(name, { value, path });
}

const checks = [];

// Every chunk against the package's own schema, read apart from the package's own reader.
async function check(stream) {
  const told = [];
  let text = "";
  try {
    for await (const bytes of stream.pipeThrough(new TextDecoderStream())) text += bytes;
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    text = text.slice(0, text.lastIndexOf("\n\n") + 2);
  }
  for (const line of text.split("\n")) {
    if (!line || line.startsWith(": ")) continue;
    assert(line.startsWith("data: "), line);
    const data = line.slice("data: ".length);
    if (data === "[DONE]") {
      told.push("[DONE]");
      continue;
    }
    const chunk = JSON.parse(data);
    const valid = await schema.validate(chunk);
    assert(valid.success, `${data}: ${valid.error}`);
    told.push(chunk);
  }
  chunks.push(told);
}

export async function settle() {
  await Promise.all(checks);
}
