// What news does to the inbox: rows that are there change in place, new ones wait behind "3 new", the open thread grows,
// and whoever is writing is told when somebody else was faster. The list never moves under the cursor.
import { announce, say } from "./words.js";

let timer = 0;
let threadToo = false;
const list = () => document.getElementById("list");

document.addEventListener("trellis:news", (event) => {
  const { kind, ids } = event.detail;
  if (!list() || kind === "viewers") return;
  const open = document.getElementById("thread")?.dataset.conversation;
  threadToo ||= Boolean(open) && (kind !== "conversations" || ids.map(String).includes(open));
  clearTimeout(timer);
  timer = setTimeout(refresh, 400);
});

async function fetched(url, part) {
  const response = await fetch(url, { headers: { "X-Fragment": part } });
  if (!response.ok) throw new Error(String(response.status));
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

async function refresh() {
  try {
    if (list()) await refreshList();
    if (threadToo) await refreshThread();
    threadToo = false;
  } catch {
    // The next news or the next look finds it.
  }
}

async function refreshList() {
  const fresh = await fetched(list().dataset.url, "list");
  const views = fresh.getElementById("views");
  if (views) document.getElementById("views")?.replaceWith(views);
  let waiting = 0;
  for (const row of fresh.querySelectorAll("#rows .row")) {
    const old = document.getElementById(row.id);
    if (!old) waiting += 1;
    else if (!old.isEqualNode(row) && !old.contains(document.activeElement)) {
      row.classList.toggle("here", old.classList.contains("here"));
      old.replaceWith(row);
    }
  }
  for (const old of document.querySelectorAll("#rows .row")) old.classList.toggle("gone", !fresh.getElementById(old.id));
  offer(waiting);
  document.dispatchEvent(new CustomEvent("trellis:placed"));
}

function offer(number) {
  const pill = document.getElementById("news");
  if (!pill) return;
  pill.hidden = number === 0;
  const words = number === 1 ? say("oneNew") : say("manyNew", { number });
  if (number && pill.textContent !== words) announce(words);
  pill.textContent = words;
}

async function refreshThread() {
  const thread = document.getElementById("thread");
  const id = thread.dataset.conversation;
  const fresh = await fetched(thread.dataset.url, "thread");
  if (document.getElementById("thread")?.dataset.conversation !== id) return;
  for (const part of ["thread-bar", "messages", "context"]) {
    const [old, next] = [document.getElementById(part), fresh.getElementById(part)];
    if (!old || !next || old.isEqualNode(next) || old.querySelector("details.menu[open]") || old.contains(document.activeElement)) continue;
    const end = old.scrollHeight - old.scrollTop - old.clientHeight < 60;
    const [top, shown] = [old.scrollTop, old.dataset.shown];
    old.replaceWith(next);
    next.scrollTop = part === "messages" && end ? next.scrollHeight : top;
    if (shown) next.dataset.shown = shown;
  }
  warn(fresh);
  document.dispatchEvent(new CustomEvent("trellis:placed"));
}

function warn(fresh) {
  const [seen, now] = [document.getElementById("seen-version"), fresh.getElementById("seen-version")];
  const box = document.querySelector(".composer textarea");
  if (!seen || !now || seen.value === now.value) return;
  if (!box?.value.trim()) {
    seen.value = now.value;
    return;
  }
  const notice = document.getElementById("moved-on");
  notice.dataset.version = now.value;
  notice.hidden = false;
  announce(notice.textContent.trim());
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-seen]")) return;
  const notice = document.getElementById("moved-on");
  document.getElementById("seen-version").value = notice.dataset.version;
  notice.hidden = true;
  const messages = document.getElementById("messages");
  messages.scrollTop = messages.scrollHeight;
  document.querySelector(".composer textarea")?.focus();
});
