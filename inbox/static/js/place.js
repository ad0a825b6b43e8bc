// Puts what came from the server in place: a whole page replaces .app, a fragment each element with the same id.
// Elements with data-append (the toasts) receive children instead of being replaced. What comes too late leaves its toasts only.
import { moved } from "./turns.js";

export function place(html, { late = false } = {}) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const kept = remember();
  const scrolls = [];
  let placed = 0;
  const whole = late ? null : fresh.querySelector("body > .app");
  const parts = late || whole ? [...fresh.querySelectorAll(late ? "#toasts" : "#troubles, #toasts")] : [...fresh.body.children];
  if (whole) {
    document.querySelector("body > .app").replaceWith(whole);
    placed += 1;
  }
  for (const part of parts) {
    const old = part.id && document.getElementById(part.id);
    if (!old) continue;
    if (old.hasAttribute("data-append")) {
      old.append(...part.children);
      continue;
    }
    for (const inner of old.querySelectorAll("[data-keep-scroll][id]")) scrolls.push([inner.id, inner.scrollTop]);
    old.replaceWith(part);
    placed += 1;
  }
  if (fresh.title && !late) document.title = fresh.title;
  moved();
  refocus(kept);
  document.dispatchEvent(new CustomEvent("trellis:placed"));
  // Once all that was open is open again: what is shorter cannot be scrolled as far.
  for (const [id, top] of scrolls) document.getElementById(id)?.scrollTo(0, top);
  return { placed, text: fresh.body.textContent.replace(/\s+/g, " ").trim() };
}

function remember() {
  const active = document.activeElement;
  if (!active?.id) return null;
  return { id: active.id, start: active.selectionStart, end: active.selectionEnd };
}

function refocus(kept) {
  if (!kept || document.activeElement?.id === kept.id) return;
  const again = document.getElementById(kept.id);
  again?.focus({ preventScroll: true });
  if (typeof kept.start === "number" && again?.setSelectionRange) again.setSelectionRange(kept.start, kept.end);
}
