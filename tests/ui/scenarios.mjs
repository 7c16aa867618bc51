// Each scenario is a person at a page. The suite starts one by its name, against the real product.
import { strict as assert } from "node:assert";
import { chunks, cookies, drop, requests, settle, widget } from "./browser.mjs";
import { Page, post, text, tools } from "./page.mjs";

const HOURS = "What are your opening hours?";
const EVERYTHING = "Tell me everything.";

const scenarios = {
  async answer() {
    const page = new Page();
    await page.ask(HOURS);
    await page.rest();
    const lengths = page.states.filter((state) => state.messages.length === 2).map((state) => text(state.messages[1]).length);
    assert(new Set(lengths).size > 3, `the text grows: ${lengths}`);
    assert.deepEqual(lengths, lengths.toSorted((a, b) => a - b));
    assert.deepEqual(page.bubbles.map(([role]) => role), ["user", "assistant"]);
    assert(page.last.parts.every((part) => part.type !== "text" || part.state === "done"));
    assert.equal(page.alert, undefined);
    await page.ask("And on Sunday?");
    await page.rest();
    assert.deepEqual(page.bubbles.map(([role]) => role), ["user", "assistant", "user", "assistant"]);
    return { answer: text(page.last) };
  },

  async tools() {
    const page = new Page();
    await page.ask(HOURS);
    await page.rest();
    const [tool] = tools(page.last);
    assert.equal(tool.type, "tool-get_office_hours");
    assert.equal(tool.state, "output-available");
    assert.equal(tool.output.ok, true);
    assert.equal(typeof tool.output.say, "string");
    assert.deepEqual(Object.keys(tool.output).sort(), ["ok", "say"], "a tool's data stays with us");
    assert(tool.title, "what the visitor reads while it works");
    assert.equal(page.last.parts.filter((part) => part.type === "step-start").length, 2);
    const { messages } = await (await fetch(`/api/chat/ui/page-chat?widget=${widget}`)).json();
    const plain = (message) => JSON.parse(JSON.stringify(message.parts));
    assert.deepEqual(plain(messages[1]), plain(page.last), "a reload shows the same");
    const { safeValidateUIMessages } = await import("ai");
    const valid = await safeValidateUIMessages({ messages });
    assert(valid.success, String(valid.error));
  },

  // A page that is left in the middle of an answer, and opened again, twice.
  async resume() {
    const page = new Page();
    await page.ask(EVERYTHING);
    await page.until((page) => page.last.role === "assistant" && text(page.last).length > 20);
    const [id, before] = [page.last.id, text(page.last)];
    const messages = structuredClone(page.chat.messages);
    page.leave();

    const tabs = [new Page({ messages }), new Page({ messages: messages.slice(0, 1) })];
    for (const tab of tabs) await tab.until((page) => text(page.last).length > before.length + 50, "it goes on live");
    const { run } = await (await post("/api/chat/ui/page-chat/stop")).json();
    assert.equal(run, id);
    for (const tab of tabs) {
      await tab.rest();
      assert.deepEqual(tab.bubbles.map(([role]) => role), ["user", "assistant"], "one bubble");
      assert.equal(tab.last.id, id);
      assert(text(tab.last).startsWith(before));
    }
    assert.equal(text(tabs[0].last), text(tabs[1].last));
    for (const tab of tabs) tab.leave();

    const history = await (await fetch(`/api/chat/ui/page-chat?widget=${widget}`)).json();
    await settle();
    const told = chunks.length;
    const reloaded = new Page({ messages: history.messages });
    await reloaded.until(() => chunks.length > told, "the replay");
    await reloaded.rest();
    assert.deepEqual(reloaded.bubbles, [["user", EVERYTHING], ["assistant", text(tabs[0].last)]], "a reload shows the same");
    assert.equal(reloaded.last.id, id);
    return { answer: text(reloaded.last) };
  },

  // The connection breaks; when the page is looked at again, the client takes the answer up by itself.
  async drop() {
    const page = new Page();
    await page.until(() => requests.length === 1);
    drop.after = 12;
    await page.ask(EVERYTHING);
    await page.until((page) => page.status === "error");
    const before = text(page.last);
    document.dispatchEvent(new window.Event("visibilitychange"));
    await page.until((page) => text(page.last).length > before.length + 50, "it goes on live");
    await post("/api/chat/ui/page-chat/stop");
    await page.rest();
    assert.equal(page.alert, undefined);
    assert(text(page.last).startsWith(before));
    assert.equal(page.bubbles.length, 2);
    return { answer: text(page.last) };
  },

  // The client's stop() is a disconnect; the answer goes on until it is stopped here.
  async stop() {
    const page = new Page();
    await page.ask(EVERYTHING);
    await page.until((page) => page.last.role === "assistant" && text(page.last).length > 20);
    await page.chat.stop();
    await page.rest();
    const heard = text(page.last).length;
    const messages = structuredClone(page.chat.messages);
    page.leave();

    const again = new Page({ messages });
    await again.until((page) => text(page.last).length > heard, "it goes on");
    const answer = await post("/api/chat/ui/page-chat/stop");
    assert.equal(answer.status, 202);
    await again.rest();
    assert.equal(again.alert, undefined);
    assert.equal(again.bubbles.length, 2);
    await settle();
    const [whole] = chunks.filter((told) => told.includes("[DONE]"));
    assert.deepEqual(whole.slice(-2), [{ type: "finish", finishReason: "other" }, "[DONE]"]);
    return { run: (await answer.json()).run };
  },

  // The provider breaks off in mid-sentence; its second attempt replaces the first.
  async reset() {
    const page = new Page();
    await page.ask(HOURS);
    await page.rest();
    await settle();
    assert(chunks.at(-1).some((chunk) => chunk.type === "reset-step"), "there was something to void");
    assert.deepEqual(page.bubbles.map(([role]) => role), ["user", "assistant"]);
    return { answer: text(page.last) };
  },

  // The answer broke off for good: the person reads why, and keeps what was said.
  async failure() {
    const page = new Page();
    await page.ask(HOURS);
    await page.rest();
    assert.equal(page.status, "error");
    return { alert: page.alert };
  },

  // "Try again" after a failure, and once more because the answer did not please.
  async regenerate() {
    const page = new Page();
    await page.ask(HOURS);
    await page.rest();
    assert.equal(page.status, "error");
    const again = async () => {
      await page.chat.regenerate();
      await page.rest();
      assert.deepEqual(page.bubbles.map(([role]) => role), ["user", "assistant"]);
      return page.last.id;
    };
    for (let tries = 0; page.status === "error" && tries < 8; tries++) await again(); // each step fails at first
    const [first, second] = [page.last.id, await again()];
    assert.equal(page.alert, undefined);
    assert.notEqual(first, second);
    return { answer: text(page.last), run: second };
  },

  // Refused before there is an answer: a sentence, not JSON.
  async refused() {
    const page = new Page({ resume: false });
    await page.ask(HOURS);
    await page.until((page) => page.status === "error");
    return { alert: page.alert, status: requests.at(-1).status };
  },

  // A second message while the first is being answered, from another tab.
  async busy() {
    const page = new Page();
    await page.ask(EVERYTHING);
    await page.until((page) => page.last.role === "assistant");
    const other = new Page({ resume: false });
    await other.ask("And what about Sunday?");
    await other.until((page) => page.status === "error");
    await post("/api/chat/ui/page-chat/stop");
    await page.rest();
    return { alert: other.alert, status: requests.find((request) => request.status >= 400).status };
  },

  // Nobody yet: nothing to resume, and no error to show.
  async newcomer() {
    const page = new Page();
    await page.until(() => requests.length === 1);
    await page.rest();
    assert.equal(page.alert, undefined);
    assert.deepEqual(requests, [{ method: "GET", path: `/api/chat/ui/page-chat/stream?widget=${widget}`, status: 204 }]);
    assert.equal(cookies.size, 0);
  },
};

const facts = await scenarios[process.argv[2]]();
await settle();
for (const told of chunks.filter((told) => told.includes("[DONE]"))) {
  assert.equal(told[0].type, "start");
  assert.equal(told.at(-2).type, "finish");
}
console.log(JSON.stringify(facts ?? {}));
process.exit(0);
