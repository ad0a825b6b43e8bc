// The banner comes and goes while a page stays open: when the worker stands still there is no news that could bring it.
import { fetchPart } from "./ask.js";

async function look() {
  const old = document.getElementById("troubles");
  if (!old || document.hidden) return;
  const next = (await fetchPart("/live/troubles", "troubles"))?.getElementById("troubles");
  const [before, after] = [old, next].map((one) => one?.textContent.replace(/\s+/g, " ").trim());
  if (next && before !== after) document.getElementById("troubles")?.replaceWith(next);
}

setInterval(look, 20_000);
document.addEventListener("visibilitychange", look);
