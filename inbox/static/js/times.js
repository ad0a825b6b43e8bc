// Keeps "3 minutes ago" true while the page stays open.
const STEPS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const language = document.documentElement.lang || "en";
const ago = new Intl.RelativeTimeFormat(language, { numeric: "always" });

function step(seconds) {
  const size = Math.abs(seconds);
  const [unit, length] = STEPS.find(([, length]) => size >= length) ?? STEPS.at(-1);
  return [Math.round(seconds / length), unit];
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-time]")) {
    const [number, unit] = step((Date.parse(element.dateTime) - Date.now()) / 1000);
    const text = element.dataset.time === "age"
      ? new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(Math.max(1, Math.abs(number)))
      : ago.format(number, unit);
    if (element.textContent !== text) element.textContent = text;
  }
}

setInterval(refresh, 30_000);
