// Conveniences only: every page works without this file.
"use strict";

document.querySelector("[data-error-summary]")?.focus();

// Tick all rows of a list.
document.querySelectorAll("[data-check-all]").forEach((all) => {
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    all.form.querySelectorAll("input[type=checkbox][name=task]").forEach((box) => { box.checked = all.checked; });
  });
});

// A second click within a moment is a slip.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 3000);
});

// Long work goes on by itself, a part at a time.
document.querySelector("form[data-continue]")?.requestSubmit();

// Where other fields depend on an answer, the server draws the form anew. Only what came or went is
// changed on the page: what somebody is typing meanwhile stays untouched.
function relabel(old, fresh) {
  for (const selector of ["label", "legend"]) {
    const [was, is] = [old.querySelector(selector), fresh.querySelector(selector)];
    if (was && is && !was.querySelector("input")) was.innerHTML = is.innerHTML;
  }
}

function reconcile(old, fresh, inside) {
  const known = new Map([...old.children].map((node) => [node.dataset.part, node]));
  let place = old.firstElementChild;
  for (const node of [...fresh.children]) {
    const same = known.get(node.dataset.part);
    if (!same) {
      old.insertBefore(node, place);
      continue;
    }
    while (place !== same) {
      const gone = place;
      place = place.nextElementSibling;
      gone.remove();
    }
    inside(same, node);
    place = same.nextElementSibling;
  }
  while (place) {
    const gone = place;
    place = place.nextElementSibling;
    gone.remove();
  }
}

// What was typed, without the files.
function textsOf(form) {
  const typed = new FormData(form);
  for (const [name, value] of [...typed]) {
    if (value instanceof File) typed.delete(name);
  }
  return typed;
}

let asked = 0;

async function redraw(form) {
  const mine = ++asked;
  const typed = textsOf(form);
  typed.set("_update", "1");
  const answer = await fetch(form.action, {method: "POST", body: typed}).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [old, fresh] = [form, page.getElementById(form.id)].map((one) => one?.querySelector("[data-parts]"));
  if (!old || !fresh || mine !== asked) return;
  reconcile(old, fresh, (was, is) => {
    reconcile(was.querySelector("[data-parts]"), is.querySelector("[data-parts]"), relabel);
  });
}

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.dataset.live !== undefined && event.target.closest("[data-decides]")) redraw(form);
});

// Tell that the list has grown; the reader decides when to load it.
document.querySelectorAll("[data-poll]").forEach((notice) => {
  let tag = notice.dataset.tag;
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(notice.dataset.poll, {headers: {"If-None-Match": tag}}).catch(() => null);
    if (answer?.status !== 200) return;
    tag = answer.headers.get("ETag");
    notice.hidden = false;
  }, 30000);
});

// How far long work is; at its end the page as a whole tells the results.
document.querySelectorAll("[data-progress]").forEach((part) => {
  let tag = null;
  const asking = setInterval(async () => {
    if (document.hidden || !part.querySelector("[data-live-work]")) return;
    const known = tag ? {"If-None-Match": tag} : {};
    const answer = await fetch(part.dataset.progress, {headers: known}).catch(() => null);
    if (answer?.status !== 200) return;
    tag = answer.headers.get("ETag");
    const text = await answer.text();
    if (answer.redirected) return;
    part.innerHTML = text;
    if (part.querySelector("[data-live-work]")) return;
    clearInterval(asking);
    location.reload();
  }, 2000);
});

// What was typed is kept as a draft now and then; that also keeps the session from going idle.
document.querySelectorAll("form[data-drafts]").forEach((form) => {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  setInterval(async () => {
    if (!changed) return;
    changed = false;
    const typed = textsOf(form);
    typed.set("_draft", "1");
    typed.set("_quiet", "1");
    const answer = await fetch(form.action, {method: "POST", body: typed}).catch(() => null);
    const told = form.querySelector("[data-draft-told]");
    if (told && answer?.status === 204) told.hidden = false;
    if (answer?.status !== 204) changed = true;
  }, 60000);
});
