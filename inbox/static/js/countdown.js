// "leaves in 8 s": counts down to the moment a reply leaves; the server says what became of it.
import { say } from "./words.js";

setInterval(() => {
  for (const element of document.querySelectorAll("[data-leaves-at]")) {
    const seconds = Math.ceil((Date.parse(element.dataset.leavesAt) - Date.now()) / 1000);
    element.textContent = seconds > 0 ? say("leavesIn", { number: seconds }) : say("leaving");
  }
}, 500);
