// What has just happened, for some seconds; those with an undo stay longer, and none goes while it is pointed at.
const LASTS = 5_000;
const LASTS_WITH_UNDO = 12_000;
const MOST = 3;

export function toast(text, kind = "done") {
  const item = document.createElement("li");
  item.className = `toast toast-${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  item.append(words);
  document.getElementById("toasts")?.append(item);
  tend();
}

function tend() {
  const toasts = [...document.querySelectorAll(".toast")];
  for (const old of toasts.slice(0, -MOST)) old.remove();
  for (const item of toasts.filter((one) => !one.dataset.until)) {
    item.dataset.until = Date.now() + (item.querySelector("form") ? LASTS_WITH_UNDO : LASTS);
  }
}

setInterval(() => {
  for (const item of document.querySelectorAll(".toast[data-until]")) {
    if (Date.now() > item.dataset.until && !item.matches(":hover, :focus-within")) item.remove();
  }
}, 500);

document.addEventListener("submit", (event) => {
  const item = event.target.closest(".toast");
  if (item) setTimeout(() => item.remove(), 0);
});
document.addEventListener("trellis:placed", tend);
tend();
