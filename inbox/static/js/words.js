// Words for scripts, translated by the server and laid down in #words.
export function say(name, values = {}) {
  const text = document.getElementById("words")?.dataset[name] ?? "";
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

// Tells people who listen instead of looking.
export function announce(text) {
  const place = document.getElementById("announcer");
  if (place) place.textContent = text;
}
