// News about a training shows on the page of the models, without moving what somebody reads or presses.
import { revisit } from "./swap.js";
import { looker } from "./turns.js";

const shown = () => document.getElementById("models");
const later = looker(200, (still) => shown() && revisit("models", () => still() && shown()));

document.addEventListener("trellis:news", (event) => {
  if (shown() && ["models", "look"].includes(event.detail.kind)) later();
});
