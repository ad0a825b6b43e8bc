// Several tags at once: Shift with 1 to 4 ticks one, a plain digit gives the first and sends them; Enter sends those ticked,
// in the order in which they were. With Shift the digits type other signs on each keyboard, so here the place of the key counts.
import { isTyping } from "./keys.js";

const DIGIT = /^Digit([1-4])$/;
let order = [];

const ticked = () => [...document.querySelectorAll("[data-also]:checked")];

function tick(digit) {
  const box = [...document.querySelectorAll(`[data-also="${digit}"]`)].pop();
  box?.click();
  return Boolean(box);
}

document.addEventListener("change", (event) => {
  const digit = event.target.dataset?.also;
  if (!digit) return;
  order = order.filter((one) => one !== digit);
  if (event.target.checked) order.push(digit);
  const form = event.target.form;
  const first = order.find((one) => form.querySelector(`[data-also="${one}"]:checked`));
  form.querySelector("[data-ticked]").value = first ? form.querySelector(`[data-also="${first}"]`).value : "";
});

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const digit = event.shiftKey && DIGIT.exec(event.code)?.[1];
  const boxes = event.key === "Enter" && !event.target.closest("button, a, summary") ? ticked() : [];
  if (digit ? !tick(digit) : !boxes.length) return;
  if (!digit) boxes[0].form.querySelector("[data-ticked]").click();
  event.preventDefault();
  event.stopPropagation();
}, true); // before Enter opens a row of the list
