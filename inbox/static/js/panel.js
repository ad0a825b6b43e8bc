// The panel beside a conversation folds away, and stays so: on wide screens as a column, on narrow ones over the page.
const KEY = "trellis:context";
const wide = matchMedia("(min-width: 1241px)");
const app = () => document.querySelector(".app-inbox");

function apply() {
  app()?.classList.toggle("context-folded", localStorage.getItem(KEY) === "folded");
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-context]")) return;
  const panel = document.getElementById("context");
  if (!wide.matches) {
    if (panel?.classList.toggle("shown")) panel.focus();
    return;
  }
  localStorage.setItem(KEY, app()?.classList.contains("context-folded") ? "open" : "folded");
  apply();
});
document.addEventListener("trellis:placed", apply);
apply();
