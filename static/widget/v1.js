/*
 * CallSphere chat widget. <script async src="https://HOST/widget/v1.js" data-key="wk_…"></script>
 * data-position="left|right"  data-accent="#rrggbb"  data-label="Chat with us"  data-theme="light|dark"
 * data-open                   data-target="#selector" (fills that element, no button)
 * API: CallSphere.open(), .close(), .toggle()
 */
(function () {
  "use strict";
  if (window.CallSphere) return;

  var script = document.currentScript || document.querySelector('script[data-key][src*="/widget/v1.js"]');
  var data = script && script.dataset;
  if (!data || !data.key) return console.error("CallSphere: the script tag needs data-key.");

  var origin = new URL(script.src).origin;
  var inline = data.target;
  var phone = matchMedia("(max-width: 480px)");
  var dark = matchMedia("(prefers-color-scheme: dark)");
  var memory = "callsphere:open:" + data.key;
  var isOpen = false;
  var loaded = false;
  var ready = false;
  var wantsFocus = false;
  var onCall = false;
  var root, panel, button, badge, frame, stillPage;

  var CSS =
    ":host{all:initial}*{box-sizing:border-box}" +
    "iframe{display:block;width:100%;height:100%;border:0;border-radius:inherit;color-scheme:auto}" +
    ".panel{overflow:hidden;background:#fff}.panel.dark{background:#16171c}" +
    ".inline{width:100%;height:100%;min-height:320px;border-radius:inherit}" +
    ".float{position:fixed;z-index:2147483001;bottom:calc(96px + env(safe-area-inset-bottom));width:400px;" +
    "height:min(660px,calc(100vh - 120px));border-radius:20px;box-shadow:0 0 0 1px rgb(16 18 27/8%)," +
    "0 12px 48px rgb(16 18 27/22%);transform-origin:100% 100%;transition:opacity .18s,transform .18s,visibility .18s," +
    "width .2s,height .2s}.dark.float{box-shadow:0 0 0 1px rgb(255 255 255/13%),0 12px 48px rgb(0 0 0/55%)}" +
    ".float.wide{width:min(720px,calc(100vw - 40px));height:calc(100vh - 120px)}" +
    ".float.shut{visibility:hidden;opacity:0;transform:translateY(10px) scale(.97);pointer-events:none}" +
    ".right{right:20px}.left{left:20px}.panel.left{transform-origin:0 100%}" +
    "button{position:fixed;z-index:2147483000;bottom:calc(20px + env(safe-area-inset-bottom));display:flex;" +
    "align-items:center;gap:10px;height:58px;min-width:58px;padding:0 16px;border:0;border-radius:29px;cursor:pointer;" +
    "font:600 15px/1 ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:var(--on);" +
    "background:var(--accent);box-shadow:0 2px 6px rgb(16 18 27/16%),0 8px 24px rgb(16 18 27/20%);" +
    "transition:transform .15s}" +
    "button:hover{transform:translateY(-2px)}button:active{transform:none}" +
    "button:focus-visible{outline:3px solid var(--accent);outline-offset:3px}" +
    "svg{width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round;" +
    "stroke-linejoin:round}.down,.on .chat,.on .label{display:none}.on .down{display:block}" +
    ".badge{position:absolute;top:-4px;right:-4px;min-width:22px;padding:4px 6px;border-radius:11px;font-size:12px;" +
    "line-height:14px;text-align:center;color:#fff;background:#b3261e;box-shadow:0 0 0 2px #fff}" +
    ".busy:not(.on)::after{content:'';position:absolute;bottom:2px;right:2px;width:14px;height:14px;border-radius:50%;" +
    "background:#15803d;box-shadow:0 0 0 2px #fff}" +
    "[hidden]{display:none!important}" +
    "@media(max-width:480px){.float,.float.wide{inset:0;width:100%;height:100vh;height:100dvh;border-radius:0}" +
    "button.on{visibility:hidden}}" +
    "@media(prefers-reduced-motion:reduce){*{transition:none!important}}";

  function make(tag, className, parent) {
    var el = document.createElement(tag);
    if (className) el.className = className;
    if (parent) parent.appendChild(el);
    return el;
  }

  function drawing(name, path) {
    var ns = "http://www.w3.org/2000/svg";
    var svg = button.appendChild(document.createElementNS(ns, "svg"));
    svg.setAttribute("class", name);
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.appendChild(document.createElementNS(ns, "path")).setAttribute("d", path);
  }

  /* Black or white, whichever reads better on the accent (WCAG luminance; 0.179 is where they tie). */
  function colors() {
    var hex = /^#?([0-9a-f]{6})$/i.exec(data.accent || "");
    var accent = hex ? "#" + hex[1] : "#2b54e0";
    var light = [1, 3, 5].reduce(function (sum, at, i) {
      var c = parseInt(accent.slice(at, at + 2), 16) / 255;
      return sum + [0.2126, 0.7152, 0.0722][i] * (c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4));
    }, 0);
    root.host.style.setProperty("--accent", accent);
    root.host.style.setProperty("--on", light > 0.179 ? "#111217" : "#fff");
  }

  function theme() {
    return data.theme || (dark.matches ? "dark" : "light");
  }

  function tell() {
    panel.classList.toggle("dark", theme() === "dark");
    if (!loaded) return;
    frame.contentWindow.postMessage(
      {
        callsphere: 1,
        type: "host",
        lang: document.documentElement.lang || navigator.language,
        theme: theme(),
        page: location.origin + location.pathname,
        inline: !!inline,
        phone: phone.matches,
        open: isOpen,
        focus: wantsFocus,
      },
      origin
    );
    if (ready) wantsFocus = false;
  }

  function load() {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.title = data.label || "Chat";
    frame.allow = "microphone; screen-wake-lock";
    frame.src = origin + "/widget/frame/" + encodeURIComponent(data.key);
    frame.addEventListener("load", function () {
      loaded = true;
      tell();
    });
    panel.appendChild(frame);
  }

  function remember(open) {
    try {
      sessionStorage.setItem(memory, open ? "1" : "");
    } catch (e) {} // storage is blocked: the next page starts closed
  }

  function remembered() {
    try {
      return !phone.matches && sessionStorage.getItem(memory) === "1";
    } catch (e) {
      return false;
    }
  }

  /* On a phone the panel is the screen: the page behind must not scroll, and the keyboard must not cover the field. */
  function fit() {
    var full = isOpen && !inline && phone.matches;
    var page = document.documentElement.style;
    var view = window.visualViewport;
    if (full && stillPage === undefined) {
      stillPage = page.overflow;
      page.overflow = "hidden";
    } else if (!full && stillPage !== undefined) {
      page.overflow = stillPage;
      stillPage = undefined;
    }
    panel.style.height = full && view ? view.height + "px" : "";
    panel.style.top = full && view ? view.offsetTop + "px" : "";
    if (!inline) panel.setAttribute("aria-modal", String(full));
  }

  function set(open, quietly) {
    if (inline || !panel || open === isOpen) return;
    isOpen = open;
    if (open) load();
    panel.classList.toggle("shut", !open);
    button.classList.toggle("on", open);
    button.setAttribute("aria-expanded", String(open));
    button.setAttribute("aria-label", open ? "Close chat" : name());
    badge.hidden = true;
    remember(open);
    fit();
    wantsFocus = open && !quietly;
    if (wantsFocus) frame.focus();
    else if (!open) button.focus();
    tell();
  }

  function name() {
    return (data.label || "Open chat") + (onCall ? ", on a call" : "");
  }

  function hear(event) {
    var message = event.data;
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    if (!message || message.callsphere !== 1) return;
    if (message.type === "ready") {
      ready = true;
      tell();
    } else if (inline) return;
    else if (message.type === "close") set(false);
    else if (message.type === "size") panel.classList.toggle("wide", message.expanded === true);
    else if (message.type === "call") {
      onCall = message.on === true;
      button.classList.toggle("busy", onCall);
      if (!isOpen) button.setAttribute("aria-label", name());
    } else if (message.type === "unread") {
      var count = Math.min(99, message.count | 0);
      badge.hidden = isOpen || count < 1;
      badge.textContent = count;
      button.setAttribute("aria-label", badge.hidden ? name() : name() + ", " + count + " unread");
    }
  }

  function style() {
    try {
      var sheet = new CSSStyleSheet(); // a strict style-src lets this pass, and not a <style>
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
    } catch (e) {
      make("style", "", root).textContent = CSS;
    }
  }

  function launcher() {
    button = make("button", data.position === "left" ? "left" : "right", root);
    button.type = "button";
    button.setAttribute("aria-label", name());
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", "panel");
    drawing("chat", "M4 11.2C4 7.2 7.6 4.5 12 4.5s8 2.7 8 6.7-3.6 6.8-8 6.8c-.9 0-1.8-.1-2.6-.3L5 19.5l.9-3.6A6.3 6.3 0 0 1 4 11.2Z");
    drawing("down", "M6 9.5l6 6 6-6");
    if (data.label) make("span", "label", button).textContent = data.label;
    badge = make("span", "badge", button);
    badge.hidden = true;
    button.addEventListener("click", function () {
      set(!isOpen);
    });
    root.addEventListener("keydown", function (event) {
      if (event.key === "Escape") set(false);
    });
  }

  function start() {
    var place = inline ? document.querySelector(inline) : document.body;
    if (!place) return console.error("CallSphere: nothing matches data-target " + inline);
    var host = make("callsphere-widget", "", place);
    if (inline) host.style.cssText = "display:block;width:100%;height:100%;border-radius:inherit";
    root = host.attachShadow({ mode: "open" });
    style();
    if (!inline) {
      launcher();
      colors();
    }
    panel = make("div", "panel " + (inline ? "inline" : "float shut " + button.className), root);
    panel.id = "panel";
    if (!inline) panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-label", data.label || "Chat");
    window.addEventListener("message", hear);
    dark.addEventListener("change", tell);
    phone.addEventListener("change", function () {
      fit();
      tell();
    });
    if (window.visualViewport) {
      window.visualViewport.addEventListener("resize", fit);
      window.visualViewport.addEventListener("scroll", fit);
    }
    if (inline) {
      isOpen = true;
      load();
    } else if ("open" in data || remembered()) set(true, true);
  }

  window.CallSphere = {
    open: function () {
      set(true);
    },
    close: function () {
      set(false);
    },
    toggle: function () {
      set(!isOpen);
    },
  };

  if (document.body && (!inline || document.querySelector(inline))) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
