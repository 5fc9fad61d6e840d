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

// Where other fields depend on an answer, the server draws the form anew.
function keepChosenFiles(before, after) {
  before.querySelectorAll("input[type=file]").forEach((input) => {
    const place = document.getElementById(input.id) && after.querySelector(`#${CSS.escape(input.id)}`);
    if (input.files.length && place) place.replaceWith(input);
  });
}

// What was typed, without the files.
function textsOf(form) {
  const typed = new FormData(form);
  for (const [name, value] of [...typed]) {
    if (value instanceof File) typed.delete(name);
  }
  return typed;
}

async function redraw(form, focusId) {
  const typed = textsOf(form);
  typed.set("_update", "1");
  const answer = await fetch(form.action, {method: "POST", body: typed});
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(form.id);
  if (!fresh) return;
  keepChosenFiles(form, fresh);
  form.replaceChildren(...fresh.childNodes);
  document.getElementById(focusId)?.focus();
}

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.dataset.live !== undefined && event.target.closest("[data-decides]")) redraw(form, event.target.id);
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
