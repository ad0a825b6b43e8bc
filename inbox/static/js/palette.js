// Ctrl-K: every link of the navigation and everything with a key, found by its name.
const dialog = document.getElementById("palette");
const field = dialog.querySelector("input");
const list = dialog.querySelector("ul");
let commands = [];
let chosen = 0;

function collect() {
  const seen = new Set();
  // What can be done here comes before where one can go.
  const all = ["[data-key]:not(textarea, input)", "main .page-head .btn, [role=main] .bar a.btn", ".nav a"].flatMap((which) => [...document.querySelectorAll(which)]);
  return all.filter((element) => element.getClientRects().length).flatMap((element) => {
    const words = element.querySelector("span:not(.dot, .number)") ?? element;
    const name = (element.dataset.command || element.getAttribute("aria-label") || words.textContent).replace(/\s+/g, " ").trim();
    if (!name || seen.has(name)) return [];
    seen.add(name);
    return [{ name, element, key: element.dataset.key?.split(" ")[0] ?? "" }];
  });
}

function show() {
  const wanted = field.value.toLocaleLowerCase().split(/\s+/);
  const found = commands.filter(({ name }) => wanted.every((word) => name.toLocaleLowerCase().includes(word))).slice(0, 30);
  chosen = Math.max(0, Math.min(chosen, found.length - 1));
  list.replaceChildren(...found.map((command, place) => {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `command-${place}`;
    item.setAttribute("aria-selected", String(place === chosen));
    item.append(command.name);
    if (command.key) item.append(Object.assign(document.createElement("kbd"), { textContent: command.key }));
    item.addEventListener("click", () => run(command));
    return item;
  }));
  field.setAttribute("aria-activedescendant", found.length ? `command-${chosen}` : "");
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
  dialog.querySelector(".hint").hidden = found.length > 0;
  return found;
}

function run({ element }) {
  dialog.close();
  if (element.matches("details")) element.open = true;
  else element.click();
}

document.addEventListener("keydown", (event) => {
  if (!event.ctrlKey || event.altKey || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  commands = collect();
  field.value = "";
  chosen = 0;
  dialog.showModal();
  show();
});
field.addEventListener("input", () => { chosen = 0; show(); });
field.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    chosen += event.key === "ArrowDown" ? 1 : -1;
    show();
    event.preventDefault();
  }
  if (event.key === "Enter") {
    const command = show()[chosen];
    if (command) run(command);
    event.preventDefault();
  }
});
