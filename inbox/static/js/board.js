// The board by keyboard and by dragging: arrow keys go from idea to idea, with Shift they move it. Both press the
// buttons of the idea's own form. News keeps the page true while nobody works in it.
import { revisit } from "./swap.js";
import { looker } from "./turns.js";

const columns = () => [...document.querySelectorAll("[data-board] .column")].filter((column) => column.getClientRects().length);
const titles = (column) => [...column.querySelectorAll(".idea-title")];
const choice = (idea, state) => idea.querySelector(`button[name="state"][value="${CSS.escape(state)}"]`);
const shown = () => document.querySelector("#board, #idea-page");

function press(idea, state) {
  const button = choice(idea, state);
  button?.form.requestSubmit(button);
}

document.addEventListener("keydown", (event) => {
  const title = event.target.closest?.(".idea-title");
  if (!title || event.altKey || event.ctrlKey || event.metaKey || !event.key.startsWith("Arrow")) return;
  const all = columns();
  const here = all.indexOf(title.closest(".column"));
  const place = titles(all[here]).indexOf(title);
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  event.preventDefault();
  if (!step) return titles(all[here])[place + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  for (let next = here + step; all[next]; next += step) {
    if (event.shiftKey && choice(title.closest("[data-idea]"), all[next].dataset.state)) return press(title.closest("[data-idea]"), all[next].dataset.state);
    const there = titles(all[next]);
    if (!event.shiftKey && there.length) return there[Math.min(place, there.length - 1)].focus();
  }
});

let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-idea]");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.id);
  for (const column of columns()) column.classList.toggle("takes", Boolean(choice(dragged, column.dataset.state)));
});

document.addEventListener("dragover", (event) => {
  if (dragged && event.target.closest?.(".column.takes")) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const column = dragged && event.target.closest?.(".column.takes");
  if (!column) return;
  event.preventDefault();
  press(dragged, column.dataset.state);
});

document.addEventListener("dragend", () => {
  dragged = null;
  for (const column of document.querySelectorAll(".column.takes")) column.classList.remove("takes");
});

// The page is replaced as a whole; it stays where it was scrolled to.
let scrolled = null;
const remember = () => (scrolled = shown() && { id: shown().id, top: document.getElementById("main").scrollTop, left: shown().scrollLeft });
document.addEventListener("trellis:leaving", (event) => {
  remember();
  // The title has the same id wherever the idea goes, so that the focus goes along.
  event.detail.form.closest("[data-idea]")?.querySelector(".idea-title").focus();
});
document.addEventListener("trellis:visited", () => {
  if (scrolled && shown()?.id === scrolled.id) [document.getElementById("main").scrollTop, shown().scrollLeft] = [scrolled.top, scrolled.left];
  scrolled = null;
});

const rests = () => shown() && !dragged && !document.querySelector("#main :is(input, textarea, select):focus, #main details[open], dialog[open]");
const later = looker(600, async (still) => {
  if (!rests()) return;
  remember();
  await revisit("page", () => still() && rests());
});
document.addEventListener("trellis:news", (event) => {
  if (shown() && ["ideas", "deliveries", "look"].includes(event.detail.kind)) later();
});
