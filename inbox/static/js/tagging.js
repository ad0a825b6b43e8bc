// Thresholds: what a slider means is said while it moves; the sliders of a label never cross.
import { fetchPart } from "./ask.js";

const MOST_TELLING = 20; // judged messages below this say little
const form = () => document.getElementById("thresholds");
const shown = (value) => new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
const plain = (value) => (value > 0 && value < 0.05 ? `< ${shown(0.1)}` : shown(value)); // few are not none
const percent = (value) => new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(value / 100);
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => plain(values[name]));

document.addEventListener("input", (event) => {
  const card = event.target.closest("[data-threshold]");
  if (!card) return;
  const [low, high] = card.querySelectorAll("input[type=range]");
  if (event.target === low) high.value = Math.max(+high.value, +low.value);
  else low.value = Math.min(+high.value, +low.value);
  say(card, +low.value, +high.value);
});

function say(card, low, high) {
  const { volume, precision, share, judged, changed, words } = JSON.parse(card.dataset.threshold);
  const wrongFrom = (step) => volume[step] * (1 - precision[step]);
  const between = volume[low] - volume[high];
  const right = share[low] > share[high] ? (share[low] * precision[low] - share[high] * precision[high]) / (share[low] - share[high]) : precision[low];
  const wrongBetween = between * (1 - Math.min(Math.max(right, 0), 1));
  const [ofLow, ofHigh] = card.querySelectorAll(".means");
  ofLow.textContent = low === high ? words.none : fill(words.proposed, { volume: between, wrong: wrongBetween });
  ofHigh.textContent = high === 100 ? words.off : fill(words.set, { volume: volume[high], wrong: wrongFrom(high) });
  const kind = !judged[high] ? "unjudged" : judged[high] < MOST_TELLING ? "few" : "judged";
  card.querySelector(".judged").textContent = fill(words[kind], { judged: judged[high], changed: changed[high] });
  const [shownLow, shownHigh] = card.querySelectorAll("output");
  shownLow.value = percent(low);
  shownHigh.value = percent(high);
  for (const hill of card.querySelectorAll("[data-from]")) {
    const middle = +hill.dataset.from + 1;
    hill.setAttribute("class", middle >= high ? "lane-automatic" : middle >= low ? "lane-suggest" : "lane-ask");
  }
}

// The week as a whole depends on all labels at once: the server counts it, once a slider rests.
let newest = 0;
document.addEventListener("change", async (event) => {
  if (!event.target.closest("[data-threshold]")) return;
  const mine = ++newest;
  const asked = new URLSearchParams(new FormData(form()));
  asked.delete("csrf_token");
  const fresh = await fetchPart(`${form().dataset.thresholds}?${asked}`, "week");
  const next = fresh?.getElementById("tagging-week");
  if (next && mine === newest) document.getElementById("tagging-week")?.replaceWith(next);
});
