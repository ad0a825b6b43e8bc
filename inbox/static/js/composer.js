// The composer grows with its text, counts as the channel counts, and its keys choose between reply and note.
import { isTyping } from "./keys.js";
import { say } from "./words.js";

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const bytes = new TextEncoder();
const COUNT = {
  characters: (text) => [...text].length,
  graphemes: (text) => [...segments.segment(text)].length,
  bytes: (text) => bytes.encode(text).length,
  utf16: (text) => text.length,
  // Roughly as X counts: an address is 23, what is not Latin two.
  weighted: (text) => [...segments.segment(text.replace(/https?:\/\/\S+/g, "x".repeat(23)))].reduce((sum, { segment }) => sum + (segment.codePointAt(0) < 0x1100 ? 1 : 2), 0),
};

function grow(area) {
  area.style.blockSize = "auto";
  area.style.blockSize = `${Math.min(area.scrollHeight + 2, innerHeight * 0.45)}px`;
  const place = document.getElementById("length");
  if (!place) return;
  const limit = Number(place.dataset.limit);
  const length = (COUNT[place.dataset.unit] ?? COUNT.characters)(area.value.trim());
  place.textContent = length > limit ? say("tooLong", { number: length - limit }) : `${length} / ${limit.toLocaleString(document.documentElement.lang)}`;
  place.hidden = length < limit * 0.6;
  place.classList.toggle("over", length > limit);
}

const areas = () => document.querySelectorAll(".composer textarea");

document.addEventListener("input", (event) => event.target.matches(".composer textarea") && grow(event.target));
document.addEventListener("change", (event) => {
  if (event.target.matches(".composer input[name=mode]")) document.querySelector(".composer textarea")?.focus();
});
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-mode]");
  if (!key) return;
  const mode = document.getElementById(key.dataset.mode);
  if (mode) mode.checked = true;
  const area = document.querySelector(".composer textarea");
  area?.focus();
  area?.scrollIntoView({ block: "nearest" });
});
// An answer that was taken back is in the composer again, to be gone on with.
document.addEventListener("trellis:visited", (event) => {
  const area = document.querySelector(".composer textarea");
  if (!event.detail.form?.action.endsWith("/cancellation") || !area?.value) return;
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
});
// Where writing makes room, what is pressed must not move away under the finger: the text keeps the focus until then.
document.addEventListener("mousedown", (event) => {
  if (event.target.closest(".composer :is(.btn, label)") && document.activeElement?.matches(".composer textarea")) event.preventDefault();
});
// What was sent or noted leaves the keys to the rest of the page again: z takes it back, e is done.
document.addEventListener("trellis:visited", (event) => {
  if (event.detail.form?.id === "composer" && isTyping(document.activeElement) && !document.activeElement.value) document.activeElement.blur();
});
document.addEventListener("trellis:placed", () => areas().forEach(grow));
areas().forEach(grow);
