// Keeps what is being written on the server: a second after the last key, and when the page is left.
import { say } from "./words.js";

const WAIT = 1_000;
const LONGEST = 10_000;
let timer = 0;
let flying = Promise.resolve();

const box = () => document.querySelector("textarea[data-draft]");
const token = () => document.querySelector("meta[name=csrf-token]").content;

function save(area) {
  clearTimeout(timer);
  if (!area || area.value === (area.dataset.kept ?? area.defaultValue)) return;
  area.dataset.kept = area.value;
  flying = Promise.all([flying, post(area, area.value)]);
}

async function post(area, text) {
  const body = new URLSearchParams({ text, csrf_token: token() });
  const place = document.getElementById("draft-state");
  try {
    const response = await fetch(area.dataset.draft, { method: "POST", body, signal: AbortSignal.timeout(LONGEST), headers: { "X-Fragment": "draft" }, keepalive: text.length < 15_000 });
    if (!response.ok) throw new Error(String(response.status));
    if (place) place.textContent = text.trim() ? say("saved") : "";
  } catch {
    delete area.dataset.kept;
    if (place) place.textContent = say("unsaved");
  }
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("textarea[data-draft]")) return;
  clearTimeout(timer);
  timer = setTimeout(save, WAIT, event.target);
});
document.addEventListener("focusout", (event) => event.target.matches("textarea[data-draft]") && save(event.target));
// A send takes the text with it. It waits for a save that is under way: were that to arrive second, the draft would be
// back, and to call it off here would not call it off at the server.
document.addEventListener("trellis:leaving", (event) => {
  const area = event.detail.form.querySelector("textarea[data-draft]");
  if (!area) return;
  clearTimeout(timer);
  area.dataset.kept = area.value;
  event.detail.waits.push(flying);
});
// A send that has not arrived has taken nothing with it.
document.addEventListener("trellis:stayed", (event) => {
  const area = event.detail.form.querySelector("textarea[data-draft]");
  if (!area) return;
  delete area.dataset.kept;
  clearTimeout(timer);
  timer = setTimeout(save, WAIT, area);
});
addEventListener("pagehide", () => save(box()));
