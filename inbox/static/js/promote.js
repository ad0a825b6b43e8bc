// While the title of a new idea is typed, ideas that ask for much the same appear below it.
let timer = 0;

document.addEventListener("input", (event) => {
  const form = event.target.name === "title" && event.target.closest("form[data-promote-form]");
  if (!form) return;
  clearTimeout(timer);
  timer = setTimeout(() => look(form), 300);
});

async function look(form) {
  const url = new URL(form.dataset.promoteForm, location.href);
  for (const name of ["message", "start", "end", "title"]) url.searchParams.set(name, form.elements[name].value);
  const typed = form.elements.title.value;
  try {
    const response = await fetch(url, { headers: { "X-Fragment": "alike" } });
    if (!response.ok || form.elements.title.value !== typed) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("alike");
    const old = form.querySelector("#alike");
    if (fresh && old && !old.isEqualNode(fresh) && !old.contains(document.activeElement)) old.replaceWith(fresh);
  } catch {
    // The proposals stay as they are; the form works without them.
  }
}

// The title proposed is a start: typing replaces it. News that is placed meanwhile does not mark it again.
let offered = null;
document.addEventListener("trellis:placed", () => {
  const title = document.querySelector("dialog[open] #promote [name=title]");
  if (title && title !== offered) title.select();
  offered = title;
});
