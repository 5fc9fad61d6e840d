// A desk by keyboard, on a bad line, with colleagues at the same task. Every page works without this file.
"use strict";

// What is wrong with the line or the server, above everything; what was typed stays on the page.
const told = document.querySelector("[data-offline]");
const lost = told.textContent;

function tell(text, link) {
  told.textContent = text;
  if (link) told.append(" ", link);
  told.hidden = false;
}

function signInAgain() {
  const link = document.createElement("a");
  link.href = told.dataset.signIn + "?next=" + encodeURIComponent(location.pathname + location.search);
  link.textContent = told.dataset.signInText;
  tell(told.dataset.ended, link);
}

window.addEventListener("offline", () => tell(lost));
window.addEventListener("online", () => { told.hidden = true; });
for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => tell(lost));
document.addEventListener("htmx:responseError", (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const sentences = [...page.querySelectorAll("#main-part .state > *")].map((part) => part.textContent.trim());
  tell(sentences.slice(0, -1).join(" ") || lost);
});
document.addEventListener("htmx:afterRequest", (event) => {
  delete event.detail.elt.dataset?.sent;
  if (event.detail.successful) told.hidden = true;
});

// Another main part is another page: reading begins at its head, wherever the focus was in the former one.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "main-part") event.target.focus({preventScroll: true});
});

// What was typed is kept as a draft now and then; that also keeps the session from going idle.
each("form[data-drafts]", (form) => {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  const saving = setInterval(async () => {
    if (!form.isConnected) clearInterval(saving);
    if (!changed || !form.isConnected) return;
    changed = false;
    const typed = textsOf(form);
    typed.set("_draft", "1");
    typed.set("_quiet", "1");
    const answer = await fetch(form.action, {method: "POST", body: typed}).catch(() => null);
    if (answer?.redirected) return signInAgain();
    changed = answer?.status !== 204 && answer?.status !== 409;
    for (const [selector, status] of [["[data-draft-told]", 204], ["[data-draft-elsewhere]", 409]]) {
      const part = form.querySelector(selector);
      if (part) part.hidden = answer?.status !== status;
    }
    if (answer?.status === 204) form.elements._seen.value = answer.headers.get("Draft-Seen");
  }, 60000);
});

// The material that the frame shows is the one that is marked.
each("[data-material]", (part) => {
  part.addEventListener("click", (event) => {
    const chosen = event.target.closest("a");
    if (!chosen) return;
    part.querySelector("[aria-current]")?.removeAttribute("aria-current");
    chosen.setAttribute("aria-current", "true");
  });
});

// A browser's viewer of PDF files takes the focus when it has loaded, and the page scrolls to it; both go back to
// where they were unless somebody meant it. The scroll event comes before the page is painted, so nothing is seen.
const SCROLLS_WITHIN = 500;
let [tabbed, before] = [0, null];
document.addEventListener("focusin", (event) => { if (event.target.localName !== "iframe") before = event.target; });
document.addEventListener("keydown", (event) => { tabbed = event.key === "Tab" ? Date.now() : 0; }, true);
window.addEventListener("blur", () => {
  const frame = document.activeElement;
  if (!frame.closest("[data-material]") || frame.matches(":hover") || Date.now() - tabbed < 1000) return;
  const [left, top] = [scrollX, scrollY];
  const done = new AbortController();
  window.addEventListener("scroll", () => { done.abort(); scrollTo(left, top); }, {signal: done.signal});
  for (const moved of ["wheel", "pointerdown", "touchstart", "keydown"]) {
    window.addEventListener(moved, () => done.abort(), {signal: done.signal, passive: true});
  }
  setTimeout(() => done.abort(), SCROLLS_WITHIN);
  setTimeout(() => (before?.isConnected ? before : document.getElementById("main-part")).focus({preventScroll: true}));
});

// Who else has the task open.
each("[data-presence]", (part) => {
  poll(part, part.dataset.presence, part.dataset.tag, 20, (text) => { part.innerHTML = text; });
});

// Keys: never while somebody types, and off for whoever turns them off.
const KEYS_OFF = "keys-off";

function typing(target) {
  if (target.isContentEditable || target.closest("textarea, select")) return true;
  return target.matches("input:not([type=checkbox], [type=radio], [type=submit], [type=button])");
}

function rowAt() {
  return document.activeElement.closest("[data-rows] tr");
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-rows] tr")].filter((row) => row.querySelector("[data-open]"));
  const at = rows.indexOf(rowAt());
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  next?.querySelector("[data-open]").focus();
}

function press(selector) {
  document.querySelector(selector)?.click();
}

const ACTS = {
  j: () => step(1),
  k: () => step(-1),
  x: () => rowAt()?.querySelector("input[type=checkbox]")?.click(),
  b: () => press("[data-bulk]"),
  n: () => press("[data-next], [data-pager] a:last-child"),
  u: () => press("[data-back]"),
  r: () => press("[data-return]"),
  m: () => document.querySelector("[data-material] a, [data-material] summary")?.focus(),
  f: () => document.querySelector("#task-form [data-parts] :is(input, select, textarea)")?.focus(),
  "/": () => document.querySelector("main form[role=search] :is(input:not([type=hidden]), select)")?.focus(),
  "?": () => document.querySelector("dialog[data-keys]")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (!document.querySelector("dialog[data-keys]") || document.querySelector("dialog[open]")) return;
  if (event.ctrlKey && event.key === "Enter" && event.target.form?.id === "task-form") {
    event.preventDefault();
    event.target.form.querySelector("[data-submit]")?.click();
    return;
  }
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  if (localStorage.getItem(KEYS_OFF) || !Object.hasOwn(ACTS, event.key)) return;
  event.preventDefault();
  ACTS[event.key]();
});

each("[data-keys-told]", (line) => { line.hidden = false; });
each("[data-keys-show]", (button) => button.addEventListener("click", ACTS["?"]));
each("[data-keys-on]", (box) => {
  box.checked = !localStorage.getItem(KEYS_OFF);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
  });
});
