// News from the server. An EventSource catches up from the last event; where a proxy holds it back, or the server has no
// room for one more stream, the page looks every 15 seconds instead and says so.
const LOOK_EVERY = 15_000;
const SILENT_AFTER = 25_000;
const body = document.body.dataset;

let source = null;
let last = body.liveAfter;
let heard = Date.now();
let polling = false;
let failures = 0;

const tell = (news) => document.dispatchEvent(new CustomEvent("trellis:news", { detail: news }));

function listen() {
  source?.close();
  source = new EventSource(`${body.live}?after=${encodeURIComponent(last)}`);
  heard = Date.now();
  source.addEventListener("hello", () => alive());
  source.addEventListener("beat", () => alive());
  source.addEventListener("news", (event) => {
    alive();
    last = event.lastEventId || last;
    tell(JSON.parse(event.data));
  });
  // A refused stream is not tried again by the browser; a broken one is.
  source.addEventListener("error", () => source.readyState === EventSource.CLOSED && fall());
}

function alive() {
  heard = Date.now();
  failures = 0;
  polling = false;
  document.documentElement.dataset.live = "on";
  document.getElementById("connection").hidden = true;
}

function fall() {
  source?.close();
  source = null;
  polling = true;
  document.documentElement.dataset.live = "polling";
  say("polling");
}

function say(which) {
  const place = document.getElementById("connection");
  place.textContent = place.dataset[which];
  place.hidden = false;
}

async function look() {
  try {
    const response = await fetch(`${body.live}/news?after=${encodeURIComponent(last)}`);
    if (!response.ok) throw new Error(String(response.status));
    const found = await response.json();
    last = found.last || last;
    // Without Valkey there is no news to read, but there may be some: look at the list itself.
    if (!found.known) tell({ kind: "look", ids: [], extra: {} });
    else for (const news of found.news) tell(news);
    failures = 0;
    say("polling");
    if (found.known && Math.random() < 0.25) listen();
  } catch {
    failures += 1;
    say("away");
  }
}

if (body.live) {
  listen();
  setInterval(() => {
    if (!polling && Date.now() - heard > SILENT_AFTER) fall();
    if (polling && !document.hidden) look();
  }, LOOK_EVERY);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && listen());
}
