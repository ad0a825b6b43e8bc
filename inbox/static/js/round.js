// After each answer the next message takes the focus, so that it is read to those who listen and no button is pressed twice.
let shown = document.getElementById("round-card")?.dataset.round ?? "";

document.addEventListener("trellis:visited", () => {
  const card = document.getElementById("round-card");
  if (!card || card.dataset.round === shown) return;
  shown = card.dataset.round;
  card.focus({ preventScroll: true });
});
