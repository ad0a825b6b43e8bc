// Narrows a list while somebody types: what does not hold all the words is hidden, and so are groups without any.
document.addEventListener("input", (event) => {
  const box = event.target.dataset?.narrows && document.getElementById(event.target.dataset.narrows);
  if (!box) return;
  const words = event.target.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  for (const entry of box.querySelectorAll("[data-words]")) {
    const text = entry.dataset.words.toLocaleLowerCase();
    entry.hidden = !words.every((word) => text.includes(word));
  }
  const groups = [...box.querySelectorAll("[data-group]")];
  for (const group of groups) group.hidden = !group.querySelector("[data-words]:not([hidden])");
  const none = document.getElementById(`${box.id}-none`);
  if (none) none.hidden = groups.some((group) => !group.hidden);
});
