// What news does to the open conversation: it grows in place, and whoever is writing is told when somebody was faster.
import { fetchPart } from "./ask.js";
import { looker } from "./turns.js";
import { announce } from "./words.js";

const thread = () => document.getElementById("thread");
const isInUse = (part) => part.contains(document.activeElement) || part.querySelector("details.menu[open], [data-also]:checked");
const openId = () => thread()?.dataset.conversation ?? "";

document.addEventListener("trellis:news", (event) => {
  const { kind, ids } = event.detail;
  if (!openId() || ["viewers", "reasons", "own"].includes(kind)) return;
  if (kind === "conversations" && !ids.map(String).includes(openId())) return;
  later();
});

const later = looker(300, async (still) => {
  const fresh = await fetchPart(thread()?.dataset.url, "thread-news");
  if (!fresh || !still()) return;
  const scrolls = [];
  for (const part of ["thread-bar", "messages", "context"]) {
    const [old, next] = [document.getElementById(part), fresh.getElementById(part)];
    if (!old || !next || old.isEqualNode(next) || isInUse(old)) continue;
    const end = old.scrollHeight - old.scrollTop - old.clientHeight < 60;
    const [top, shown] = [old.scrollTop, old.dataset.shown];
    old.replaceWith(next);
    scrolls.push(() => (next.scrollTop = part === "messages" && end ? next.scrollHeight : top));
    if (shown) next.dataset.shown = shown;
  }
  warn(fresh);
  document.dispatchEvent(new CustomEvent("trellis:placed"));
  for (const scroll of scrolls) scroll(); // once all that was open is open again
});

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
