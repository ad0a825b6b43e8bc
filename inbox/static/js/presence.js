// Says who else looks at the open conversation, and that one is looking or typing oneself.
const EVERY = 15_000;
let typed = 0;
let told = 0;
let at = "";

async function look(typing = false) {
  const place = document.getElementById("viewers");
  if (!place || document.hidden) return;
  told = Date.now();
  const token = document.querySelector("meta[name=csrf-token]").content;
  const body = new URLSearchParams({ csrf_token: token, typing: typing ? "yes" : "" });
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
  if (typed - told > 4_000) look(true);
});
document.addEventListener("trellis:placed", () => {
  const url = document.getElementById("viewers")?.dataset.url ?? "";
  if (url !== at) look();
  at = url;
});
document.addEventListener("trellis:news", (event) => event.detail.kind === "viewers" && look());
setInterval(() => look(Date.now() - typed < 6_000), EVERY);
at = document.getElementById("viewers")?.dataset.url ?? "";
look();
