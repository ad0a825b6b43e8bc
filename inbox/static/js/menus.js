// Small menus are <details class="menu">: one open at a time, closed by Escape, a click elsewhere or a choice.
const CHOICES = ".menu-body :is(button, input:not([type=hidden]), a, select)";
const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.menu[open]")) return;
  for (const menu of open()) if (menu !== event.target) menu.open = false;
  event.target.querySelector(CHOICES)?.focus();
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]") ?? open()[0];
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const choices = [...menu.querySelectorAll(CHOICES)];
    const next = choices.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    choices[(next + choices.length) % choices.length]?.focus();
    event.preventDefault();
  }
}, true); // before the keys of the page, whose Escape leaves the conversation
