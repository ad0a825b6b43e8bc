// Forms with data-swap post without leaving the page. What they promise shows at once (data-hides names an element that
// goes) and comes back with the reason when the server refuses.
import { ask, Refused } from "./ask.js";
import { wish } from "./turns.js";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-swap]") || event.defaultPrevented) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  const wanted = wish();
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
    const response = form.method === "get" ? await ask(withQuery(url, body), { part, wanted }) : await ask(url, { method: "POST", body, part, wanted });
    form.closest("dialog")?.close();
    if (response) arrive(form, part, response);
    if (form.method === "post") document.dispatchEvent(new CustomEvent("trellis:news", { detail: { kind: "own", ids: [], extra: {} } }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    hidden?.classList.remove("going");
    document.dispatchEvent(new CustomEvent("trellis:stayed", { detail: { form } }));
  } finally {
    form.removeAttribute("aria-busy");
  }
});

function arrive(form, part, { url, redirected }) {
  if ((form.method === "get" || redirected) && url !== location.href && !form.hasAttribute("data-stay")) history.pushState({}, "", url);
  document.dispatchEvent(new CustomEvent("trellis:visited", { detail: { url, part, form } }));
}

function withQuery(url, query) {
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  url.search = query;
  return url;
}
