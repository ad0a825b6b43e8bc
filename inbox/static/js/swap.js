// Links with data-swap load into the page; their value names the part ("thread", or "page" by default).
import { ask, Refused } from "./ask.js";

let newest = 0;

export async function visit(url, { part = "page", push = true } = {}) {
  const mine = ++newest;
  document.documentElement.setAttribute("aria-busy", "true");
  try {
    const response = await ask(url, { part });
    if (mine !== newest) return;
    if (push && response.url !== location.href) history.pushState({ part }, "", response.url);
    document.dispatchEvent(new CustomEvent("trellis:visited", { detail: { url: response.url, part } }));
  } catch (error) {
    if (!(error instanceof Refused)) location.assign(url);
  } finally {
    if (mine === newest) document.documentElement.removeAttribute("aria-busy");
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
