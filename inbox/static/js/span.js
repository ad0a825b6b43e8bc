// A marked sentence of a message can become an idea: `i`, or the button that appears beside the mark.
// Offsets are counted in characters as Python counts them, not in UTF-16.
import { openDialog } from "./dialogs.js";

const length = (text) => [...text].length;

export function marked() {
  const selection = getSelection();
  const range = selection?.rangeCount ? selection.getRangeAt(0) : null;
  const body = range && (range.commonAncestorContainer.nodeType === 1 ? range.commonAncestorContainer : range.commonAncestorContainer.parentElement)?.closest("[data-words-of]");
  if (!body || range.collapsed) return null;
  const before = document.createRange();
  before.setStart(body, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const start = length(before.toString());
  return { message: body.dataset.wordsOf, start, end: start + length(range.toString()), range };
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("a[data-promote]");
  if (!button) return;
  const span = marked();
  event.preventDefault();
  const url = new URL(button.href);
  if (span) for (const name of ["message", "start", "end"]) url.searchParams.set(name, span[name]);
  openDialog(url);
});

document.addEventListener("selectionchange", () => {
  const button = document.getElementById("promote-here");
  if (!button) return;
  const span = marked();
  button.hidden = !span;
  if (!span) return;
  const box = span.range.getBoundingClientRect();
  button.style.insetBlockStart = `${Math.max(8, box.top - 40)}px`;
  button.style.insetInlineStart = `${Math.max(8, box.left)}px`;
});
