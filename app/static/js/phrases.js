// Phrases 常用语 are put where the cursor was in a text field of their form. Without this file they are a
// list to copy from.
"use strict";

function texts(form) {
  return [...form.querySelectorAll("textarea, input[type=text]")].filter((field) => !field.readOnly);
}

function armPhrases(box) {
  const form = document.getElementById(box.dataset.phrases);
  if (!form || box.dataset.armed) return;
  box.dataset.armed = "1";
  let last = null;
  form.addEventListener("focusin", (event) => {
    if (texts(form).includes(event.target)) last = event.target;
  });
  const put = (text) => {
    const field = last?.isConnected ? last : texts(form).find((one) => one.tagName === "TEXTAREA");
    if (!field) return;
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", {bubbles: true}));
    field.focus();
  };
  box.querySelectorAll("[data-phrase]").forEach((phrase) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-outline-secondary mb-1 text-start";
    button.textContent = phrase.textContent;
    button.addEventListener("click", () => put(button.textContent));
    phrase.replaceWith(button);
  });
  box.querySelector("[data-phrases-hint]").hidden = false;
}

const armAll = () => document.querySelectorAll("[data-phrases]").forEach(armPhrases);
armAll();
document.addEventListener("htmx:afterSettle", armAll);
