// Single keys press what carries data-key. They rest while somebody types, and never listen to Alt, AltGr or Meta:
// on German keyboards those type € and @. event.key is what was typed, wherever the key lies.
import { arrival, visit } from "./swap.js";

const ROOMS = { i: "/conversations", m: "/conversations?view=mine", d: "/ideas", c: "/channels", t: "/product-teams", w: "/digests", s: "/settings", l: "/training" };
let going = 0;

export const isTyping = (element) => Boolean(element?.closest?.("input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable=true]"));
const isShown = (element) => element.getClientRects().length > 0;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey && !event.altKey && event.key === "Enter") return send(event);
  if (event.key === "Escape") return leave(event);
  if (event.altKey || event.ctrlKey || event.metaKey || event.getModifierState("AltGraph")) return;
  if (event.key === "F1") return help(event);
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (going && Date.now() - going < 1500 && ROOMS[event.key]) {
    going = 0;
    event.preventDefault();
    return visit(ROOMS[event.key]);
  }
  if (event.key === "g") return void (going = Date.now());
  if (event.key === "?" || event.key === "f") return help(event);
  const target = keyed(event.key);
  if (!target) return;
  event.preventDefault();
  if (arrival()) wait(event.key);
  else press(target);
});

const keyed = (key) => [...document.querySelectorAll(`[data-key~="${CSS.escape(key)}"]`)].filter((one) => isShown(one) || one.hasAttribute("data-key-hidden")).pop();

function press(target) {
  if (target.matches("textarea, input")) target.focus();
  else target.click();
}

// Whoever has chosen the next conversation means that one, however long it takes to come.
async function wait(key) {
  if (!(await arrival()) || isTyping(document.activeElement)) return;
  const target = keyed(key);
  if (target) press(target);
}

function help(event) {
  event.preventDefault();
  document.getElementById("keys")?.showModal();
}

function send(event) {
  const form = event.target.closest?.("form");
  const button = form && [...form.querySelectorAll("button:not([type=button])")].filter(isShown).pop();
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
}

function leave(event) {
  if (document.querySelector("dialog[open]")) return;
  const shown = document.querySelector(".context.shown");
  if (isTyping(event.target)) event.target.blur();
  else if (shown) shown.classList.remove("shown");
  else if (location.hash) location.hash = "";
  else document.querySelector("[data-leave]")?.click();
}
