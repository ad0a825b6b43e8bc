// Links with data-dialog load their page's fragment into the one dialog; without scripts they are plain links.
import { toast } from "./toasts.js";
import { unlessWished } from "./turns.js";
import { say } from "./words.js";

export async function openDialog(url) {
  const dialog = document.getElementById("dialog");
  const wanted = unlessWished();
  try {
    const response = await fetch(url, { headers: { "X-Fragment": "dialog" } });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!wanted()) return;
    if (!response.ok) return toast(fresh.body.textContent.replace(/\s+/g, " ").trim().slice(0, 300), "error");
    dialog.replaceChildren(...fresh.body.childNodes);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") ?? dialog.querySelector("input:not([type=hidden]), textarea, button"))?.focus();
    document.dispatchEvent(new CustomEvent("trellis:placed"));
  } catch {
    toast(say("offline"), "error");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    openDialog(link.href);
  }
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  // A click on the backdrop lands on the dialog itself.
  if (event.target instanceof HTMLDialogElement && outside(event, event.target)) event.target.close();
});

function outside(event, dialog) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
