// A form in steps: kept while it is filled in, files taken as soon as they are chosen. All works without it.
"use strict";

{
const form = document.querySelector("form[data-steps]");
const told = document.querySelector("[data-step-told]");
const SAVED_AFTER = 2000;

function tell(text, where, warns = false) {
  told.textContent = text;
  for (const name of ["alert", "alert-warning"]) told.classList.toggle(name, warns);
  if (!where) return;
  const link = document.createElement("a");
  link.href = where;
  link.textContent = "重新登录";
  told.append(" ", link);
}

// What was typed, without the files: those go by themselves.
function typedTexts() {
  const typed = new FormData(form);
  for (const [name, value] of [...typed]) {
    if (value instanceof File) typed.delete(name);
  }
  typed.set("_quiet", "1");
  return typed;
}

const signIn = () => `/sign-in?next=${encodeURIComponent(location.pathname)}`;

let waiting = null;
let changed = false;

async function keep(leaving) {
  clearTimeout(waiting);
  if (!changed) return;
  changed = false;
  const sent = {method: "POST", body: typedTexts(), keepalive: leaving === true};
  const answer = await fetch(form.action, sent).catch(() => null);
  if (answer?.status === 204) {
    form.elements._seen.value = answer.headers.get("Draft-Seen");
    tell("已自动保存。没填完也可以先往下走，最后一步会列出还缺什么。");
  } else if (answer?.status === 409) {
    // Somebody else has saved meanwhile, or it is closed: nothing is written over it, the next button compares.
    tell(await answer.text(), null, true);
  } else {
    changed = true;
    if (answer?.redirected) tell("登录已超时。重新登录以后，接着从这里填。", signIn());
    else if (!answer) tell("网络断了，还没有保存；网络恢复后会再保存一次。");
  }
}

form.addEventListener("input", (event) => {
  if (event.target.type === "file") return;
  changed = true;
  clearTimeout(waiting);
  waiting = setTimeout(keep, SAVED_AFTER);
});
document.addEventListener("visibilitychange", () => { if (document.hidden) keep(true); });
window.addEventListener("online", keep);

// Files

function part(name) {
  return form.querySelector(`[data-part="${CSS.escape(name)}"]`);
}

function strip(input) {
  const box = document.createElement("div");
  box.className = "sending";
  box.innerHTML = '<progress max="100" value="0"></progress> <span role="status"></span>';
  input.closest(".choose-file").after(box);
  return box;
}

// One file at a time and each under a key of its own, so that a second try takes it only once.
function send(name, file, key, box) {
  const [bar, says] = [box.querySelector("progress"), box.querySelector("span")];
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  body.set("_once", key);
  for (const mark of ["_seen", "_page"]) body.set(mark, form.elements[mark].value);
  body.set(`_file-${name}`, file, file.name);
  const request = new XMLHttpRequest();
  request.upload.onprogress = (event) => {
    bar.value = event.lengthComputable ? (100 * event.loaded) / event.total : 0;
    says.textContent = bar.value < 100 ? `正在上传 ${file.name}：${Math.floor(bar.value)}%` : "正在检查文件……";
  };
  return new Promise((resolve) => {
    request.onload = () => resolve(request);
    request.onerror = request.ontimeout = () => resolve(null);
    request.timeout = 180000;
    request.open("POST", form.dataset.uploads.replace("NAME", encodeURIComponent(name)));
    request.send(body);
  });
}

function showField(name, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(`[data-part="${CSS.escape(name)}"]`);
  if (!fresh) return false;
  part(name).replaceWith(fresh);
  return true;
}

function retry(box, again) {
  box.querySelector("span").textContent = "网络断了，文件没有传上去。";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm btn-outline-primary";
  button.textContent = "再传一次";
  button.addEventListener("click", () => { button.remove(); again(); });
  box.append(" ", button);
}

async function upload(name, file, key, box) {
  const answer = await send(name, file, key, box);
  if (answer === null) return retry(box, () => upload(name, file, key, box));
  if (answer.responseURL.includes("/sign-in")) {
    box.remove();
    return tell("登录已超时，文件没有传上去。重新登录以后，接着从这里填。", signIn());
  }
  if ((answer.status === 200 || answer.status === 422) && showField(name, answer.responseText)) {
    form.elements._seen.value = answer.getResponseHeader("Draft-Seen");
    part(name).querySelector("input[type=file]")?.focus();
    return answer.status === 200 && tell("文件已上传并保存。");
  }
  const sentence = answer.status === 413 ? "文件太大，请压缩或降低扫描分辨率后再传。" : "文件没有传上去，请稍后再试。";
  box.querySelector("span").textContent = sentence;
}

form.addEventListener("change", async (event) => {
  const input = event.target;
  if (!input.dataset.upload || input.dataset.upload.includes("-")) return;
  const name = input.dataset.upload;
  const files = [...input.files];
  await keep();
  for (const file of files) {
    const now = part(name).querySelector("input[type=file]");
    await upload(name, file, crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, strip(now));
  }
  const still = part(name).querySelectorAll("input[type=file]");
  for (const one of still) one.value = "";
});

// On a slow line somebody chooses a file before this file has come: it goes now.
for (const input of form.querySelectorAll("input[type=file]")) {
  if (input.files.length) input.dispatchEvent(new Event("change", {bubbles: true}));
}
}
