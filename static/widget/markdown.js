/**
 * A safe subset of Markdown as DOM nodes: paragraphs, headings (as bold lines), lists, code, bold, italic and links.
 * Nothing here writes HTML: whatever is not in the subset stays the text it was, and images become their caption.
 */

const FENCE = /^\s*(```|~~~)/;
const ITEM = /^\s{0,6}(?:([-*•+])|(\d{1,3})[.)])\s+(.*)$/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$/;

const INLINE = new RegExp(
  [
    "(?<code>`+)(?<codeText>[^`]+)\\k<code>",
    "(?<image>!)\\[(?<caption>[^\\]\\n]*)\\]\\([^()\\s]*\\)",
    "\\[(?<label>[^\\]\\n]+)\\]\\((?<href>[^()\\s]*(?:\\([^()\\s]*\\)[^()\\s]*)*)\\)",
    "(?<bare>https?://[^\\s<>\"'`*\\])]+[^\\s<>\"'`*\\]).,;:!?])",
    "\\*\\*(?<strong>(?=\\S)(?:[^*]|\\*(?!\\*))+?)(?<!\\s)\\*\\*",
    "(?<![*\\w])\\*(?<star>(?=[^\\s*])[^*\\n]*)(?<!\\s)\\*(?![*\\w])",
    "(?<![_\\w])_(?<under>(?=[^\\s_])[^_\\n]*)(?<!\\s)_(?![_\\w])",
  ].join("|"),
  "u",
);

/** The address if a visitor may be sent there, else null. Only whole addresses: never relative, never a script. */
function safeHref(href) {
  const match = /^(https?|mailto|tel):/i.exec(href);
  if (!match) return null;
  if (!match[1].toLowerCase().startsWith("http")) return href;
  try {
    return new URL(href).href;
  } catch {
    return null;
  }
}

/**
 * Cut text into blocks.
 * @returns {{kind: "p"|"h"|"pre"|"list", source: string, lines: string[], ordered?: boolean, start?: number}[]}
 */
function parseBlocks(text) {
  const blocks = [];
  let block = null;
  let fence = null;
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      block.source += `${line}\n`;
      if (mark === fence) fence = block = null;
      else block.lines.push(line);
    } else if (mark) {
      fence = mark;
      block = newBlock(blocks, "pre");
      block.source = `${line}\n`;
    } else {
      block = addLine(blocks, block, line);
    }
  }
  return blocks;
}

function newBlock(blocks, kind, extra = {}) {
  const block = { kind, source: "", lines: [], ...extra };
  blocks.push(block);
  return block;
}

/** @returns the block that the next line may continue, or null */
function addLine(blocks, block, line) {
  // A blank line between two items keeps one list; after a paragraph it ends it.
  if (line.trim() === "") return block?.kind === "list" ? block : null;
  const heading = HEADING.exec(line);
  if (heading) {
    block = newBlock(blocks, "h");
    block.lines.push(heading[1]);
    block.source = line;
    return null;
  }
  const item = ITEM.exec(line);
  if (item) {
    const ordered = item[2] !== undefined;
    if (block?.kind !== "list" || block.ordered !== ordered) {
      block = newBlock(blocks, "list", { ordered, start: ordered ? Number(item[2]) : 1 });
    }
    block.lines.push(item[3]);
  } else if (block?.kind === "list" && /^\s{2,}/.test(line)) {
    block.lines[block.lines.length - 1] += `\n${line.trim()}`;
  } else {
    if (block?.kind !== "p") block = newBlock(blocks, "p");
    block.lines.push(line.trim());
  }
  block.source += `${line}\n`;
  return block;
}

function link(href, label) {
  const target = safeHref(href);
  if (!target) return document.createTextNode(label);
  const a = document.createElement("a");
  a.href = target;
  a.rel = "noopener noreferrer nofollow";
  a.target = "_blank";
  a.textContent = label;
  return a;
}

function wrapped(tag, text) {
  const el = document.createElement(tag);
  appendInline(el, text);
  return el;
}

/** Append the inline nodes of `text` to `parent`. */
function appendInline(parent, text) {
  while (text) {
    const match = INLINE.exec(text);
    if (!match) break;
    appendText(parent, text.slice(0, match.index));
    const g = match.groups;
    if (g.code) parent.appendChild(document.createElement("code")).textContent = g.codeText.trim();
    else if (g.image) appendText(parent, g.caption);
    else if (g.label !== undefined) parent.appendChild(link(g.href, g.label));
    else if (g.bare) parent.appendChild(link(g.bare, g.bare));
    else if (g.strong !== undefined) parent.appendChild(wrapped("strong", g.strong));
    else parent.appendChild(wrapped("em", g.star ?? g.under));
    text = text.slice(match.index + match[0].length);
  }
  appendText(parent, text);
}

function appendText(parent, text) {
  text.split("\n").forEach((line, index) => {
    if (index) parent.appendChild(document.createElement("br"));
    if (line) parent.appendChild(document.createTextNode(line));
  });
}

function blockNode(block) {
  if (block.kind === "pre") {
    const pre = document.createElement("pre");
    pre.tabIndex = 0; // it scrolls sideways, so the keyboard must reach it
    pre.appendChild(document.createElement("code")).textContent = block.lines.join("\n");
    return pre;
  }
  if (block.kind === "list") {
    const list = document.createElement(block.ordered ? "ol" : "ul");
    if (block.ordered && block.start !== 1) list.start = block.start;
    for (const line of block.lines) list.appendChild(wrapped("li", line));
    return list;
  }
  const p = document.createElement("p");
  if (block.kind === "h") p.appendChild(wrapped("strong", block.lines.join(" ")));
  else appendInline(p, block.lines.join("\n"));
  return p;
}

/** While a text still arrives: close what is open on its last line, so that markers do not flash by as text. */
export function closeOpenMarks(text) {
  if (text.split("\n").filter((line) => FENCE.test(line)).length % 2) return text;
  const at = text.lastIndexOf("\n") + 1;
  let tail = text.slice(at);
  if (tail.split("`").length % 2 === 0) return text;
  tail = tail.replace(/!?\[([^\]]*)(?:\](?:\([^()\s]*)?)?$/, "$1");
  const opened = (mark) => tail.split(mark).length % 2 === 0;
  if (opened("**")) {
    tail = tail.replace(/\s*\*+$/, "").trimEnd();
    if (opened("**")) tail += "**";
  } else {
    tail = tail.replace(/(^|\s)\*$/, "$1").replace(/(^|\s)\*([^\s*][^*]*?)\s*$/, "$1*$2*");
  }
  return text.slice(0, at) + tail;
}

const drawn = new WeakMap();

/**
 * Show `text` in `container`, touching only blocks whose source changed: a reader's selection in finished
 * paragraphs survives while the last one grows.
 */
export function renderMarkdown(container, text) {
  const blocks = parseBlocks(text);
  blocks.forEach((block, index) => {
    const old = container.childNodes[index];
    const source = `${block.kind}:${block.source}`;
    if (old && drawn.get(old) === source) return;
    const node = blockNode(block);
    drawn.set(node, source);
    if (old) old.replaceWith(node);
    else container.appendChild(node);
  });
  while (container.childNodes.length > blocks.length) container.lastChild.remove();
}

/** The words of a Markdown text, for a screen reader. */
export function plainText(text) {
  return text
    .replace(/!?\[([^\]\n]*)\]\([^()\s]*\)/g, "$1")
    .replace(/[*`#]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
