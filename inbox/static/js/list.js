// Moving through the list: j and k move, Enter and o open; while a conversation is open, moving opens.
// After "done" the next one opens. On a phone the thread takes the place of the list.
import { isTyping } from "./keys.js";
import { visit } from "./swap.js";

const rows = () => [...document.querySelectorAll("#rows .row:not(.going)")];
const current = () => document.querySelector("#rows .row.here") ?? document.querySelector('#rows .row[aria-current="true"]');
const openId = () => document.getElementById("thread")?.dataset.conversation ?? "";

function mark() {
  const open = openId();
  for (const row of document.querySelectorAll("#rows .row")) {
    if (open && row.dataset.conversation === open) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
  const app = document.querySelector(".app-inbox");
  if (app) app.dataset.pane = open ? "thread" : "list";
  if (open) document.getElementById("list")?.removeAttribute("role");
  // The next conversation, for forms that finish this one.
  const all = rows();
  const at = all.findIndex((row) => row.dataset.conversation === open);
  const next = at >= 0 ? all[at + 1] ?? all[at - 1] : null;
  for (const field of document.querySelectorAll("input[name=then][data-next]")) field.value = next?.querySelector("a").getAttribute("href") ?? field.defaultValue;
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
  for (const row of document.querySelectorAll("#rows .row.here")) row.classList.remove("here");
  next.classList.add("here");
  next.scrollIntoView({ block: "nearest" });
  const link = next.querySelector("a");
  link.focus({ preventScroll: true });
  if (openId()) visit(link.href, { part: "thread", after: 160 });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "j" || event.key === "k") {
    event.preventDefault();
    move(event.key === "j" ? 1 : -1);
  } else if (event.key === "o" || (event.key === "Enter" && event.target === document.body)) {
    current()?.querySelector("a").click();
  }
});

document.addEventListener("trellis:placed", mark);
document.addEventListener("trellis:visited", (event) => {
  for (const row of document.querySelectorAll("#rows .row.here")) row.classList.remove("here");
  mark();
  if (event.detail.part === "thread") showEnd(event.detail.form?.id === "composer");
  if (event.detail.form?.matches(".search-box")) document.activeElement?.blur();
  document.querySelector('#rows .row[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
});

// The newest message from its beginning; after an answer the very end.
function showEnd(answered = false) {
  const scroll = document.getElementById("messages");
  const newest = scroll?.querySelector(".message:last-child");
  if (answered || scroll?.dataset.shown !== openId()) scroll?.scrollTo(0, answered || !newest ? scroll.scrollHeight : newest.offsetTop - scroll.offsetTop - 12);
  if (scroll) scroll.dataset.shown = openId();
}
mark();
showEnd();
document.querySelector('#rows .row[aria-current="true"]')?.scrollIntoView({ block: "center" });
