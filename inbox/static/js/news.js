// What news does to the list: rows that are there change in place, new ones wait behind "3 new", those that no longer
// belong fade, and older ones move up from the next page. Nothing moves under the cursor.
import { fetchPart } from "./ask.js";
import { looker, wish } from "./turns.js";
import { announce, say } from "./words.js";

const list = () => document.getElementById("list");

document.addEventListener("trellis:news", (event) => {
  if (list() && !["viewers", "reasons"].includes(event.detail.kind)) later();
});

const later = looker(400, async (still) => {
  const fresh = await fetchPart(list()?.dataset.url, "list");
  if (!fresh || !still() || !list()) return;
  const views = fresh.getElementById("views");
  if (views) document.getElementById("views")?.replaceWith(views);
  const rows = [...fresh.querySelectorAll("#rows .row")];
  const there = new Set(rows.map((row) => row.id)); // before any of them moves over
  const last = rows.findLastIndex((row) => document.getElementById(row.id));
  let waiting = 0;
  for (const [at, row] of rows.entries()) {
    const old = document.getElementById(row.id);
    if (!old && last >= 0 && at > last) document.getElementById("rows").append(row);
    else if (!old) waiting += 1;
    else if (!old.isEqualNode(row)) {
      const focused = old.contains(document.activeElement);
      row.classList.toggle("here", old.classList.contains("here"));
      old.replaceWith(row);
      if (focused) row.querySelector("a").focus({ preventScroll: true });
    }
  }
  const pager = fresh.querySelector("nav.pager");
  const shown = [...document.querySelectorAll("#rows .row")];
  // What stands below the last one has only moved to the next page, if there is one.
  const end = pager?.querySelector("[rel=next]") ? shown.findLastIndex((row) => there.has(row.id)) : shown.length;
  shown.forEach((row, at) => row.classList.toggle("gone", at < end && !there.has(row.id)));
  if (pager) list().querySelector("nav.pager")?.replaceWith(pager);
  offer(waiting);
  document.dispatchEvent(new CustomEvent("trellis:placed"));
});

function offer(number) {
  const pill = document.getElementById("news");
  if (!pill) return;
  pill.hidden = number === 0;
  const words = number === 1 ? say("oneNew") : say("manyNew", { number });
  if (number && pill.textContent !== words) announce(words);
  pill.textContent = words;
}

document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-news]")) return;
  const wanted = wish();
  const fresh = await fetchPart(list().dataset.url, "list");
  const next = fresh?.getElementById("list");
  if (!next || !wanted()) return;
  list().replaceWith(next);
  document.dispatchEvent(new CustomEvent("trellis:placed"));
  next.querySelector(".row a")?.focus();
});
