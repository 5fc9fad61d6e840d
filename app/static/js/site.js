// Conveniences only: every page works without this file.
"use strict";

// Parts of a page come with it, or later in place of its main part: each is set up once.
function each(selector, setUp) {
  htmx.onLoad((root) => {
    if (root.matches(selector)) setUp(root);
    root.querySelectorAll(selector).forEach(setUp);
  });
}

// Asks an address now and then whether something has changed, as long as the part is on the page.
function poll(part, address, tag, seconds, changed) {
  const asking = setInterval(async () => {
    if (!part.isConnected) clearInterval(asking);
    if (document.hidden || !part.isConnected) return;
    const known = tag ? {"If-None-Match": tag} : {};
    const answer = await fetch(address, {headers: known}).catch(() => null);
    if (answer?.status !== 200 || answer.redirected) return;
    tag = answer.headers.get("ETag");
    changed(await answer.text(), () => clearInterval(asking));
  }, seconds * 1000);
}

each("[data-error-summary]", (summary) => summary.focus());

// Tick all rows of a list.
each("[data-check-all]", (all) => {
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    all.form.querySelectorAll("td.tick input[type=checkbox]").forEach((box) => { box.checked = all.checked; });
  });
});

// A second click within a moment is a slip.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 3000);
}, true);

// A menu closes when something else is done.
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.drop[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details.drop[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Long work goes on by itself, a part at a time.
each("form[data-continue]", (form) => form.requestSubmit());

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
      htmx.process(node);
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

// Told below the answer that should have changed the form: the button does it once the line is back.
function tellNotRedrawn(form, part) {
  form.querySelectorAll("[data-not-redrawn]").forEach((old) => old.remove());
  if (part) part.append(form.querySelector("template[data-update]").content.cloneNode(true));
}

async function redraw(form, part) {
  const mine = ++asked;
  const typed = textsOf(form);
  typed.set("_update", "1");
  const answer = await fetch(form.action, {method: "POST", body: typed}).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => "") : "";
  if (mine !== asked) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  const [old, fresh] = [form, page.getElementById(form.id)].map((one) => one?.querySelector("[data-parts]"));
  tellNotRedrawn(form, fresh ? null : part);
  if (!old || !fresh) return;
  reconcile(old, fresh, (was, is) => {
    reconcile(was.querySelector("[data-parts]"), is.querySelector("[data-parts]"), relabel);
  });
}

document.addEventListener("change", (event) => {
  const [form, part] = [event.target.form, event.target.closest("[data-decides]")];
  if (form?.dataset.live !== undefined && part) redraw(form, part);
});

// On a slow line somebody answers before this file has come: that counts too.
function answered(control) {
  if (control.matches("select")) {
    return [...control.options].some((one) => one.value && one.selected !== one.defaultSelected);
  }
  return control.checked !== control.defaultChecked || control.value !== control.defaultValue;
}

each("form[data-live]", (form) => {
  const deciding = form.querySelectorAll("[data-decides] :is(input:not([type=file]), select, textarea)");
  const first = [...deciding].find(answered);
  if (first) redraw(form, first.closest("[data-decides]"));
});

// What was typed and not saved is not left behind without a question.
each("form[data-unsaved]", (form) => {
  let unsaved = form.dataset.unsaved === "yes";
  form.addEventListener("input", () => { unsaved = true; });
  form.addEventListener("submit", () => { unsaved = false; });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved && form.isConnected) event.preventDefault();
  });
});

// Tell that the list has grown; the reader decides when to load it.
each("[data-poll]", (notice) => {
  poll(notice, notice.dataset.poll, notice.dataset.tag, 30, () => { notice.hidden = false; });
});

// How far long work is; at its end the page as a whole tells the results.
each("[data-progress]", (part) => {
  if (!part.querySelector("[data-live-work]")) return;
  poll(part, part.dataset.progress, null, 2, (text, stop) => {
    part.innerHTML = text;
    if (part.querySelector("[data-live-work]")) return;
    stop();
    location.reload();
  });
});
