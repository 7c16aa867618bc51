// A page with a chat, as the AI SDK's documentation writes it; only `id` is fixed, so that it survives a reload.
import { server, widget } from "./browser.mjs";
import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { createElement as h } from "react";
import { createRoot } from "react-dom/client";

export const API = `/api/chat/ui?widget=${widget}`;

function Chat({ id, api, resume, initial, open }) {
  const chat = useChat({ id, messages: initial, resume, transport: new DefaultChatTransport({ api }) });
  open.chat = chat;
  open.states.push({ status: chat.status, messages: structuredClone(chat.messages) });
  return h(
    "main",
    { "data-status": chat.status },
    chat.messages.map((message) => h("article", { key: message.id, "data-role": message.role }, text(message))),
    chat.error && h("p", { role: "alert" }, chat.error.message),
  );
}

export class Page {
  constructor({ id = "page-chat", api = API, resume = true, messages = [] } = {}) {
    this.states = [];
    this.element = document.body.appendChild(document.createElement("div"));
    this.root = createRoot(this.element);
    this.root.render(h(Chat, { id, api, resume, initial: messages, open: this }));
  }

  leave() {
    this.root.unmount();
    this.element.remove();
  }

  get status() {
    return this.element.querySelector("main")?.dataset.status;
  }

  get alert() {
    return this.element.querySelector("[role=alert]")?.textContent;
  }

  // The bubbles, as a person reads them.
  get bubbles() {
    return [...this.element.querySelectorAll("article")].map((bubble) => [bubble.dataset.role, bubble.textContent]);
  }

  get last() {
    return this.chat.messages.at(-1);
  }

  async until(condition, what = condition.toString()) {
    const deadline = Date.now() + 20_000;
    while (!(this.chat && condition(this))) {
      if (Date.now() > deadline) throw new Error(`${what} did not come: ${JSON.stringify(this.states.at(-1))} ${this.alert}`);
      await new Promise((resume) => setTimeout(resume, 5));
    }
    return this;
  }

  async ask(words) {
    await this.until((page) => page.status === "ready");
    this.chat.sendMessage({ text: words });
    return this.until((page) => page.status !== "ready");
  }

  // To the end of an answer, whichever.
  async rest() {
    await this.until((page) => page.status === "ready" || page.status === "error");
    return this;
  }
}

export function text(message) {
  return message.parts
    .filter((part) => part.type === "text")
    .map((part) => part.text)
    .join("\n\n");
}

export function tools(message) {
  return message.parts.filter((part) => part.type.startsWith("tool-"));
}

export async function post(path) {
  return fetch(`${server}${path}?widget=${widget}`, { method: "POST" });
}
