// News about a training shows on the page of the models, without moving what somebody reads or presses.
import { visit } from "./swap.js";

let timer = 0;

document.addEventListener("trellis:news", (event) => {
  if (!document.getElementById("models") || !["models", "look"].includes(event.detail.kind)) return;
  clearTimeout(timer);
  timer = setTimeout(() => document.getElementById("models") && visit(location.href, { part: "models", push: false }), 200);
});
