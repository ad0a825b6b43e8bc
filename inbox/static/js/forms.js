// Forms with data-swap post without leaving the page. What they promise shows at once (data-hides names an element that
// goes) and comes back with the reason when the server refuses.
import { ask, Refused } from "./ask.js";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-swap]") || event.defaultPrevented) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  const waits = []; // what has to be at the server before this is
  document.dispatchEvent(new CustomEvent("trellis:leaving", { detail: { form, waits } }));
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const url = new URL(event.submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href, location.href);
  const hidden = form.dataset.hides && document.getElementById(form.dataset.hides);
  form.setAttribute("aria-busy", "true");
  hidden?.classList.add("going");
  try {
    await Promise.all(waits);
    const part = form.dataset.swap || "page";
    const response = form.method === "get" ? await ask(withQuery(url, body), { part }) : await ask(url, { method: "POST", body, part });
    form.closest("dialog")?.close();
    const moved = new URL(response.url);
    if ((form.method === "get" || response.redirected) && moved.href !== location.href && !form.hasAttribute("data-stay")) history.pushState({}, "", moved);
    document.dispatchEvent(new CustomEvent("trellis:visited", { detail: { url: response.url, part, form } }));
    if (form.method === "post") document.dispatchEvent(new CustomEvent("trellis:news", { detail: { kind: "own", ids: [], extra: {} } }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    hidden?.classList.remove("going");
  } finally {
    form.removeAttribute("aria-busy");
  }
});

function withQuery(url, query) {
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  url.search = query;
  return url;
}
