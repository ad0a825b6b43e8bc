// Puts what a copy box holds into the clipboard. Without it, one click selects all of it.
import { toast } from "./toasts.js";
import { say } from "./words.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.parentElement.querySelector(".secret").textContent);
    toast(say("copied"));
  } catch {
    getSelection().selectAllChildren(button.parentElement.querySelector(".secret"));
  }
});

if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
