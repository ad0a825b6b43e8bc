// Says who else looks at the open conversation, and that one is looking or typing oneself.
const EVERY = 15_000;
let typed = 0;
let told = 0;
let at = "";
const isTyping = () => Date.now() - typed < 6_000;
const saying = (more) => new URLSearchParams({ csrf_token: document.querySelector("meta[name=csrf-token]").content, ...more });

async function look() {
  const place = document.getElementById("viewers");
  if (!place || document.hidden) return;
  const body = saying({ typing: isTyping() ? "yes" : "" });
  try {
    const response = await fetch(place.dataset.url, { method: "POST", body, headers: { "X-Fragment": "viewers" } });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("viewers");
    const now = document.getElementById("viewers");
    if (fresh && now && fresh.dataset.url === now.dataset.url && fresh.innerHTML !== now.innerHTML) now.replaceChildren(...fresh.childNodes);
  } catch {
    // Not knowing who else is here stops nobody.
  }
}

document.addEventListener("input", (event) => {
  if (!event.target.matches(".composer textarea")) return;
  typed = Date.now();
  if (typed - told < 4_000) return;
  told = typed;
  look();
});
document.addEventListener("trellis:placed", () => {
  const url = document.getElementById("viewers")?.dataset.url ?? "";
  if (url === at) return;
  leave();
  [at, typed, told] = [url, 0, 0];
  look();
});
document.addEventListener("trellis:news", ({ detail }) => {
  if (detail.kind === "viewers" && detail.ids.some((id) => at.includes(`/conversations/${id}/`))) look();
});
addEventListener("pagehide", leave);
setInterval(look, EVERY);

function leave() {
  if (at) navigator.sendBeacon(at, saying({ gone: "yes" }));
}
at = document.getElementById("viewers")?.dataset.url ?? "";
look();
