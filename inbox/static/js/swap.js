// Links with data-swap load into the page; their value names the part ("thread", or "page" by default).
import { ask, Refused } from "./ask.js";
import { wish } from "./turns.js";

let arriving = null;

// Whether one has arrived where the newest link leads; null when none is on its way.
export const arrival = () => arriving;

export function visit(url, { part = "page", push = true, after = 0 } = {}) {
  const mine = go(url, part, push, after);
  arriving = mine;
  document.documentElement.setAttribute("aria-busy", "true");
  return mine.finally(() => {
    if (arriving !== mine) return;
    arriving = null;
    document.documentElement.removeAttribute("aria-busy");
  });
}

async function go(url, part, push, after) {
  const wanted = wish();
  if (after) await new Promise((done) => setTimeout(done, after));
  if (!wanted()) return false;
  try {
    const response = await ask(url, { part, wanted });
    if (!response) return false;
    if (push && response.url !== location.href) history.pushState({ part }, "", response.url);
    document.dispatchEvent(new CustomEvent("trellis:visited", { detail: { url: response.url, part } }));
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) location.assign(url);
    return false;
  }
}

// What is shown, as it is by now; somebody who has moved on meanwhile is left alone.
export async function revisit(part, wanted) {
  try {
    const response = await ask(location.href, { part, quiet: true, wanted });
    if (response) document.dispatchEvent(new CustomEvent("trellis:visited", { detail: { url: response.url, part } }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.target) return;
  event.preventDefault();
  visit(link.href, { part: link.dataset.swap || "page" });
});

addEventListener("popstate", () => {
  if (location.hash) return;
  visit(location.href, { push: false });
});
